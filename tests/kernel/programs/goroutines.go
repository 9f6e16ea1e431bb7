// A thousand goroutines that block in calls, a server on the loopback, a child process.
package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

func main() {
	var group sync.WaitGroup
	var mutex sync.Mutex
	sum := 0
	start := make(chan struct{})
	for i := 0; i < 1000; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			<-start
			// A call that the scheduler takes for a blocking one.
			syscall.Syscall(syscall.SYS_GETPRIORITY, 0, 0, 0)
			mutex.Lock()
			sum++
			mutex.Unlock()
		}()
	}
	close(start)
	group.Wait()
	fmt.Println("goroutines", sum)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			connection.Write([]byte("hello"))
			connection.Close()
		}
	}()
	for i := 0; i < 20; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			connection, err := net.Dial("tcp", listener.Addr().String())
			if err != nil {
				panic(err)
			}
			buffer := make([]byte, 16)
			n, _ := connection.Read(buffer)
			mutex.Lock()
			sum += n
			mutex.Unlock()
			connection.Close()
		}()
	}
	group.Wait()
	listener.Close()
	fmt.Println("bytes", sum-1000)
	out, err := exec.Command("echo", "child").Output()
	if err != nil {
		panic(err)
	}
	fmt.Print(string(out))
	os.Exit(3)
}
