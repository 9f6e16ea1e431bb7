"""Serves the files of a folder, a thread for each connection, until SIGTERM."""
import functools
import http.server
import signal
import sys
import threading

handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory="/srv/www")
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), handler)


def stop(_signal, _frame):
    threading.Thread(target=server.shutdown).start()


signal.signal(signal.SIGTERM, stop)
server.serve_forever()
server.server_close()
