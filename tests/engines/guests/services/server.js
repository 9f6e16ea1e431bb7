// Files, compression and digests, which take the threads of libuv, and one more thread; until
// SIGTERM.
const { createReadStream } = require('fs');
const { pbkdf2 } = require('crypto');
const { createServer } = require('http');
const { Worker, isMainThread, parentPort } = require('worker_threads');
const { createGzip } = require('zlib');

if (isMainThread) {
  const server = createServer((request, answer) => {
    if (request.url === '/big') {
      createReadStream('/srv/www/big').pipe(answer);
    } else if (request.url === '/packed') {
      createReadStream('/srv/www/big').pipe(createGzip()).pipe(answer);
    } else if (request.url === '/digest') {
      pbkdf2('a', 'b', 20000, 32, 'sha256', (_, key) => answer.end(key.toString('hex')));
    } else if (request.url === '/thread') {
      new Worker(__filename).on('message', (text) => answer.end(text));
    } else if (request.url === '/index.html') {
      answer.end('hello from node\n');
    } else {
      answer.writeHead(404);
      answer.end();
    }
  });
  server.listen(Number(process.argv[2]), '127.0.0.1');
  process.on('SIGTERM', () => server.close());
} else {
  let garbage = [];
  for (let i = 0; i < 200000; i++) garbage.push({ i });
  parentPort.postMessage(String(garbage.length));
}
