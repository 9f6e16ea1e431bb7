# Servers with real requests, each ended the way it wants to be ended.

record_nginx() {
    begin nginx 989
    mkdir -p html && echo 'hello' >html/index.html && head -c 70000 /dev/zero >html/large.bin
    cat >nginx.conf <<-'END'
	daemon off;
	user www-data;
	worker_processes 1;
	pid nginx.pid;
	error_log error.log;
	events { worker_connections 64; }
	http {
	    access_log access.log;
	    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
	    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
	    sendfile on;
	    gzip on; gzip_min_length 1;
	    server { listen 127.0.0.1:8001; root html; }
	}
	END
    "${clean[@]}" strace -f -o ../log/trace nginx -p "$demo/run" -c "$demo/run/nginx.conf" &
    local tracer=$! url=http://127.0.0.1:8001 server first
    until_true curl -sf $url/
    server=$(first_child $tracer)
    curl -sf -H 'Accept-Encoding: gzip' $url/ $url/large.bin -o gz -o large
    [ "$(stat -c %s large)" = 70000 ] || die 'nginx sent no file'
    [ "$(curl -s -o /dev/null -w '%{http_code}' $url/absent)" = 404 ] || die 'nginx sent no 404'
    first=$(cat "/proc/$server/task/$server/children")
    kill -HUP "$server"
    until_true gone "${first%% *}"
    curl -sf $url/ >/dev/null
    kill -QUIT "$server"
    finish $tracer
    wants '^99[0-9]   [a-z]' ../log/trace
    wants '^10[0-9]{2}  [a-z]' ../log/trace
    keep ../log/trace gz
    describe 'web server with a master and a worker' nginx-light 'strace -f -o trace.strace nginx -p DIR -c DIR/nginx.conf' <<-'END'
	Four answered requests (one compressed, one with sendfile, one 404), a reload with SIGHUP, one more request, SIGQUIT.

	Peculiar: the plainest `-f -o` shape, number and call; the processes pass from three to four digits, so the padding
	before the call changes; signals between the lines; `epoll_wait` and `rt_sigsuspend` unfinished and resumed.
	END
}

record_redis() {
    begin redis 99985
    "${clean[@]}" strace -f -tt -T -o ../log/trace redis-server --port 6379 --bind 127.0.0.1 --dir "$demo/run" --save '' --daemonize no >/dev/null &
    local tracer=$! tries
    until_true redis-cli ping
    redis-cli set name value >/dev/null
    redis-cli lpush list a b c >/dev/null
    redis-benchmark -q -t ping,set,incr,zadd -n 60 -c 4 >/dev/null
    redis-cli bgsave >/dev/null
    until_true test -s dump.rdb
    redis-cli unlink list >/dev/null
    redis-cli eval 'return redis.call("get", "name")' 0 | grep -q value || die 'redis lost the value'
    redis-cli shutdown nosave || true
    finish $tracer
    wants '^9[0-9]{4} ' ../log/trace
    wants '^1[0-9]{5} ' ../log/trace
    keep ../log/trace gz
    describe 'data store with background threads and a saving child' 'redis-server redis-tools' 'strace -f -tt -T -o trace.strace redis-server --port 6379 --bind 127.0.0.1 --dir DIR --save "" --daemonize no' <<-'END'
	A few commands and a small redis-benchmark, BGSAVE (a forked child), a Lua script, SHUTDOWN.

	Peculiar: wall clock before the call and `<0.000012>` after the result; process numbers pass from five to six digits
	(the field is five wide, so it grows); five threads; a jemalloc thread; names of the threads through `prctl`.
	END
}

record_postgres() {
    begin postgres 310
    local bin=/usr/lib/postgresql/15/bin
    mkdir -m 777 sock && chmod 777 . ../log
    "${clean[@]}" setpriv --reuid=postgres --regid=postgres --clear-groups \
        $bin/initdb -D "$demo/run/data" -A trust --no-sync >/dev/null
    "${clean[@]}" strace -ff -s 20 -u postgres -o ../log/trace $bin/postgres -D "$demo/run/data" \
        -k "$demo/run/sock" -h 127.0.0.1 -p 5433 -c shared_buffers=1MB -c max_connections=10 2>/dev/null &
    local tracer=$! server log
    local -a client=(-h 127.0.0.1 -p 5433 -U postgres)
    until_true psql "${client[@]}" -c 'select 1'
    server=$(first_child $tracer)
    psql -q "${client[@]}" postgres -c 'create table t (k int primary key, v text); insert into t select g, g from generate_series(1, 20) g'
    printf '\\set k random(1, 20)\nupdate t set v = v || 1 where k = :k;\nselect v from t where k = :k;\n' >script.sql
    pgbench "${client[@]}" -n -f script.sql -c 2 -t 5 postgres 2>/dev/null | grep -q 'actually processed: 10/10' || die 'pgbench failed'
    kill -INT "$server"
    finish $tracer
    for log in ../log/trace.*; do
        keep "$log" gz "trace/${log##*/}"
    done
    describe 'database server, one file for each process' postgresql-15 'strace -ff -s 20 -u postgres -o trace/trace /usr/lib/postgresql/15/bin/postgres -D DIR ...' <<-'END'
	A table of twenty rows, ten small transactions of two pgbench clients, fast shutdown with SIGINT. `initdb` ran before, untraced.

	Peculiar: `-ff`, a folder of files `trace.NUMBER`, no number in the lines, no unfinished calls; only the first process has an
	`execve`; `-s 20` cuts strings.
	END
}

record_initdb() {
    begin initdb 32700
    chmod 777 . ../log
    "${clean[@]}" LC_ALL=C strace -f -t -s 0 -u postgres -o ../log/trace /usr/lib/postgresql/15/bin/initdb -D "$demo/run/data" \
        -A trust --no-sync >/dev/null
    [ -s data/PG_VERSION ] || die 'no database cluster'
    keep ../log/trace zst
    describe 'making a database cluster' postgresql-15 'LC_ALL=C strace -f -t -s 0 -u postgres -o trace.strace /usr/lib/postgresql/15/bin/initdb -D DIR -A trust --no-sync' <<-'END'
	The largest log here: `initdb` tries settings and fills a database, through shells and several servers in bootstrap mode.

	Peculiar: long, with few names; wall clock in whole seconds before the call; no text of any string.
	Compressed with zstd.
	END
}

record_http_server() {
    begin http-server 4090
    echo '<p>hello' >index.html
    echo odd >'a (b) = <c> "d"'
    "${clean[@]}" "${hear[@]}" strace -f -ttt -y -o ../log/trace /usr/bin/python3 -m http.server --bind 127.0.0.1 8003 >/dev/null 2>&1 &
    local tracer=$! url=http://127.0.0.1:8003 a b
    until_true curl -sf $url/
    curl -sf "$url/a%20(b)%20=%20%3Cc%3E%20%22d%22" | grep -qx odd || die 'no odd file'
    curl -sf $url/index.html >/dev/null & a=$!
    curl -sf $url/ >/dev/null & b=$!
    wait $a $b
    [ "$(curl -s -o /dev/null -w '%{http_code}' $url/absent)" = 404 ] || die 'no 404'
    kill -INT "$(first_child $tracer)"
    finish $tracer
    wants ') = 5<.*\(b\) = ' ../log/trace
    keep ../log/trace gz
    describe 'threads of a small web server' python3.11 'strace -f -ttt -y -o trace.strace /usr/bin/python3 -m http.server --bind 127.0.0.1 8003' <<-'END'
	Five answered requests, one thread for each, two of them at once; ended with SIGINT, which Python turns into an exception.

	Peculiar: seconds since the epoch before the call; `3</path>` after file numbers, also after the result, and one such path
	is `a (b) = \74c\76 \"d\"`, so the line holds a second ` = `, brackets and quotes.
	END
}

record_node() {
    begin node 700
    "${clean[@]}" strace -f -r -s 16 -o ../log/trace node "$demo/src/server.js" &
    local tracer=$! url=http://127.0.0.1:8002
    until_true curl -sf $url/
    curl -sf $url/ >/dev/null
    curl -sf $url/ | grep -q bytes || die 'node sent no answer'
    finish $tracer
    keep ../log/trace zst
    describe 'JavaScript server with many threads' nodejs 'strace -f -r -s 16 -o trace.strace node server.js' <<-'END'
	Three answered requests, the last after a file was read by the thread pool; the server then closes and the program ends.
	The program is `programs/server.js`. The package is not Debian's own, as its version shows.

	Peculiar: time since the line before, in a field that is filled with blanks from the left; about ten threads with `epoll` and `futex`;
	at the end several threads are cut off by `exit_group`, so their calls end with `= ?`. Compressed with zstd.
	END
}

record_go() {
    begin go 5200
    "${clean[@]}" GOCACHE="$demo/cache" GOFLAGS=-trimpath CGO_ENABLED=0 GO111MODULE=off go build -o server "$demo/src/server.go"
    echo 5300 >/proc/sys/kernel/ns_last_pid
    "${clean[@]}" strace -f -n -o ../log/trace ./server | grep -q 'ten requests answered' || die 'no answers'
    keep ../log/trace gz
    describe 'Go server and client in one static program' golang-go 'strace -f -n -o trace.strace ./server' <<-'END'
	Ten requests of the program to itself; the program is `programs/server.go`, built with CGO_ENABLED=0.

	Peculiar: the number of the call in brackets before its name, also before `+++ exited`; no dynamic loader; many `futex`,
	`epoll_pwait` and `nanosleep`, at times `tgkill` with SIGURG, which the Go scheduler uses.
	`expected-numbers.txt` lists the pairs of number and name.
	END
}

record_tls() {
    begin tls 860
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=localhost \
        -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2>/dev/null
    cat >tls.sh <<-'END'
	openssl s_server -quiet -accept 127.0.0.1:8443 -cert cert.pem -key key.pem -www -naccept 1 &
	sleep 1
	curl -q -s --cacert cert.pem https://127.0.0.1:8443/ -o page
	wait
	END
    "${clean[@]}" strace -f -yy -o ../log/trace sh tls.sh 2>/dev/null
    wants 'TCP:\[127.0.0.1:[0-9]+->127.0.0.1:8443\]' ../log/trace
    grep -q 'TLSv1.3' page || die 'no answer over TLS'
    keep ../log/trace gz
    describe 'curl and openssl s_server over TLS' 'curl openssl dash' 'strace -f -yy -o trace.strace sh tls.sh' <<-'END'
	A shell starts `openssl s_server` with a certificate of its own, `curl` fetches its page, both end.

	Peculiar: file numbers with what they are: `5<TCP:[127.0.0.1:40000->127.0.0.1:8443]>`, so there is a `>` before the last one,
	`0</dev/null<char 1:3>>` with brackets within brackets; three programs in one log.
	END
}

record_attach() {
    begin attach 230
    mkfifo workers
    "${clean[@]}" /usr/bin/python3 -I "$demo/src/pool.py" >workers &
    local server=$! first second tracer
    read -r first second <workers
    "${clean[@]}" "${hear[@]}" strace -f -p "$server" -p "$first" -p "$second" 2>../log/trace &
    tracer=$!
    until_true grep -q "Process $second attached" ../log/trace
    sleep 0.3
    local tries
    for tries in 1 2 3; do
        ask 'work' | grep -q 'sum 499500' || die 'no answer'
    done
    kill -INT $tracer
    finish $tracer
    ask stop
    ask stop
    finish $server
    wants '<detached \.\.\.>' ../log/trace
    keep ../log/trace ''
    describe 'attached to running worker processes' python3.11 'strace -f -p FIRST -p WORKER1 -p WORKER2 2> trace.strace' <<-'END'
	`programs/pool.py` was running; three requests; Ctrl-C for strace, the server went on.

	Deliberately incomplete: no `execve` at the start, no `+++ exited` at the end, and nothing of what the program did before.

	Peculiar: on standard error, so `[pid N]` and lines of strace itself (`strace: Process N attached`, `detached`);
	calls that were running before are printed as if they had just begun; lines of strace stand
	between the last call and its `<detached ...>`, and the other two running calls get no end at all.
	END
}

# ask TEXT: one request to the workers.
ask() {
    exec 9<>/dev/tcp/127.0.0.1/8004
    echo "$1" >&9
    timeout 10 cat <&9
    exec 9>&-
}

record_pool() {
    begin pool 9992
    "${clean[@]}" strace -f -t -r -o ../log/trace /usr/bin/python3 -I "$demo/src/sum.py" | grep -qx 2646700 || die 'wrong sum'
    wants '^9[0-9]{3}  ' ../log/trace
    wants '^1[0-9]{4} ' ../log/trace
    keep ../log/trace gz
    describe 'worker processes of one program' python3.11 'strace -f -t -r -o trace.strace /usr/bin/python3 -I sum.py' <<-'END'
	Forks two workers that share a queue, with threads in the first process; the program is `programs/sum.py`.

	Peculiar: wall clock and, in brackets, the time since the line before: `(+     0.000028)`; process numbers pass from
	four to five digits; many `futex` calls unfinished and resumed.
	END
}
