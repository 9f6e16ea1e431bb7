// Files, goroutines and garbage, until SIGTERM.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
)

func work(answer http.ResponseWriter, _ *http.Request) {
	var group sync.WaitGroup
	sums := make([]int, 16)
	for i := range sums {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			for j := 0; j < 200; j++ {
				sums[i] += len(make([]byte, 10000+j))
			}
		}(i)
	}
	group.Wait()
	runtime.GC()
	fmt.Fprintln(answer, sums[0]+sums[15])
}

func main() {
	http.HandleFunc("/work", work)
	http.Handle("/", http.FileServer(http.Dir("/srv/www")))
	server := http.Server{Addr: "127.0.0.1:" + os.Args[1]}
	stop, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	done := make(chan error)
	go func() {
		<-stop.Done()
		done <- server.Shutdown(context.Background())
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		panic(err)
	}
	if err := <-done; err != nil {
		panic(err)
	}
}
