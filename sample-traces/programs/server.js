// Answers three requests, the last after reading a file, then closes.
const http = require('http');
const fs = require('fs');
let left = 3;
const server = http.createServer((request, response) => {
  left -= 1;
  if (left === 0) {
    response.setHeader('Connection', 'close');
    fs.readFile(__filename, (error, data) => {
      response.end(error ? 'error' : `${data.length} bytes\n`);
      server.close();
      server.closeIdleConnections();
    });
    return;
  }
  response.end('hello\n');
});
server.listen(8002, '127.0.0.1');
