// Signs in with openid-client, which is certified as a relying party, and prints what came as JSON.
// Arguments: issuer, client, scope, redirect URI, address, page. All names lead to TENANT, host:port.
import https from 'node:https';
import tls from 'node:tls';
import * as oidc from 'openid-client';

const [issuer, clientID, scope, redirectURI, address, page] = process.argv.slice(2);
const [host, port] = process.env.TENANT.split(':');
const agent = new https.Agent();
agent.createConnection = (o) => tls.connect({ host, port: Number(port), servername: o.servername || o.host });

// request is fetch without redirects, by which the client reaches the tenant.
const request = (url, { method = 'GET', headers = {}, body } = {}) => new Promise((resolve, reject) => {
  const text = body === undefined || body === null ? undefined : body.toString();
  const req = https.request(url, { method, agent, headers: Object.fromEntries(new Headers(headers)) }, (res) => {
    const chunks = [];
    res.on('data', (c) => chunks.push(c)).on('error', reject).on('end', () => {
      const bytes = Buffer.concat(chunks);
      const fields = Object.entries(res.headers).map(([k, v]) => [k, [v].flat().join(', ')]);
      resolve(new Response(bytes.length ? bytes : null, { status: res.statusCode, headers: fields }));
    });
  });
  req.on('error', reject);
  req.end(text);
});

const config = await oidc.discovery(new URL(issuer), clientID, undefined, oidc.None(), { [oidc.customFetch]: request });
config[oidc.customFetch] = request;
const out = { issuer: config.serverMetadata().issuer };

const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
const expectedState = oidc.randomState();
const expectedNonce = oidc.randomNonce();
const to = oidc.buildAuthorizationUrl(config, {
  redirect_uri: redirectURI, scope, state: expectedState, nonce: expectedNonce, login_hint: address,
  code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256',
});
const back = await request(to);
const tokens = await oidc.authorizationCodeGrant(config, new URL(back.headers.get('location')), { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true });
out.user = tokens.claims().preferred_username;
out.code = tokens.access_token;

const next = await oidc.refreshTokenGrant(config, tokens.refresh_token);
out.refresh = next.access_token;

try {
  await oidc.authorizationCodeGrant(config, new URL(back.headers.get('location')), { pkceCodeVerifier, expectedState, expectedNonce });
} catch (e) {
  out.again = e.error;
}

const device = await oidc.initiateDeviceAuthorization(config, { scope });
const approved = await fetch(`${page}api/devices/${device.user_code}`, { method: 'POST', body: JSON.stringify({ address }) });
if (!approved.ok) throw new Error(`the code is not approved: ${approved.status}`);
out.device = (await oidc.pollDeviceAuthorizationGrant(config, { ...device, interval: 1 })).access_token;

console.log(JSON.stringify(out));
