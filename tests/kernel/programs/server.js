// Node: files through the thread pool, a worker thread, a child process, a server on the loopback.
const { Worker, isMainThread, parentPort } = require('worker_threads');
const { execFile } = require('child_process');
const fs = require('fs/promises');
const http = require('http');

if (!isMainThread) {
  parentPort.postMessage(6 * 7);
} else {
  main();
}

async function main() {
  await fs.writeFile('file', 'x'.repeat(100000));
  const parts = await Promise.all([1, 2, 3, 4].map(() => fs.readFile('file')));
  console.log('read', parts.reduce((sum, part) => sum + part.length, 0));
  console.log('worker', await new Promise((done) => new Worker(__filename).on('message', done)));
  await new Promise((done) =>
    execFile('echo', ['child'], (error, out) => (process.stdout.write(out), done())));
  const server = http.createServer((request, response) => response.end(request.url));
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  const body = await new Promise((done) =>
    http.get({ port, host: '127.0.0.1', path: '/path', agent: false }, (response) => {
      let text = '';
      response.on('data', (part) => (text += part)).on('end', () => done(text));
    }));
  console.log('served', body);
  server.close();
}
