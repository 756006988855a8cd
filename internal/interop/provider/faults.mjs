// An authority whose token endpoint fails as it is told: npm's oauth2-mock-server.
import http from 'node:http';
import { OAuth2Server } from 'oauth2-mock-server';

const [port, control] = process.argv.slice(2).map(Number);
const server = new OAuth2Server();
await server.issuer.keys.generate('RS256');
await server.start(port, '127.0.0.1');
server.issuer.url = `http://127.0.0.1:${port}`;

let fault = null; // what happens to the next answer
server.service.on('beforeResponse', (response) => {
  if (fault) {
    response.statusCode = fault.status;
    response.body = fault.body;
    fault = null;
  }
});

http.createServer((req, res) => {
  let body = '';
  req.on('data', (d) => { body += d; });
  req.on('end', () => { fault = JSON.parse(body); res.end('ok'); });
}).listen(control, '127.0.0.1', () => console.log('listening'));
