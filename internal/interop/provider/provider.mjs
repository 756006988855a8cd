// An OpenID provider for the tests: PKCE, device flow, access tokens for one resource, on-behalf-of,
// and rotation that ends the sign-in when a refresh token comes twice. With a domain and a tenant
// it is the authority of that domain, behind a TLS server.
import http from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { Provider } from 'oidc-provider';

const [port, lifetime] = process.argv.slice(2, 4).map(Number);
const [domain, tenant] = process.argv.slice(4);
const local = `http://127.0.0.1:${port}`;
const path = domain ? `/${tenant}` : '';
const issuer = domain ? `https://login.${domain}${path}` : local;
const mail = { audience: `https://mail.${domain ?? 'contoso.com'}`, permission: 'EAS.AccessAsUser.All' };
const service = { audience: `https://service.${domain ?? 'contoso.com'}`, permission: 'access_as_user' };
const scopeOf = (r) => `${r.audience}/${r.permission}`;
const server = (r) => ({
  scope: scopeOf(r), audience: r.audience, accessTokenTTL: lifetime, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } },
});

const onBehalfOf = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'easoauth', application_type: 'native', token_endpoint_auth_method: 'none',
    redirect_uris: ['http://127.0.0.1'], response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  }, {
    client_id: 'service', client_secret: 'service secret', token_endpoint_auth_method: 'client_secret_post',
    redirect_uris: ['https://service.contoso.com/'], response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token', onBehalfOf],
  }],
  scopes: ['openid', 'offline_access', 'profile'],
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: async (ctx, client, code) => client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
  ttl: { AccessToken: lifetime, RefreshToken: 14 * 24 * 3600, DeviceCode: 600, Interaction: 600, Session: 3600, Grant: 14 * 24 * 3600, IdToken: 3600 },
  features: {
    devInteractions: { enabled: true },
    deviceFlow: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: async (ctx) => (ctx.oidc.params?.scope?.includes(scopeOf(service)) ? service : mail).audience,
      useGrantedResource: async () => true,
      getResourceServerInfo: async (ctx, audience) => server(audience === service.audience ? service : mail),
    },
  },
  extraTokenClaims: async (ctx, token) => ({
    scp: (token.aud === service.audience ? service : mail).permission,
    ...(domain && { tid: tenant, oid: token.accountId, upn: `${token.accountId}@${domain}` }),
  }),
  findAccount: async (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  cookies: { keys: ['for tests'] },
});

provider.proxy = Boolean(domain);

// On-behalf-of: an access token of the user for another, with a refresh token.
const keys = createRemoteJWKSet(new URL(`${local}${path}/jwks`));
provider.registerGrantType(onBehalfOf, async (ctx) => {
  const { client, params } = ctx.oidc;
  if (params.requested_token_use !== 'on_behalf_of') {
    ctx.status = 400;
    ctx.body = { error: 'invalid_request' };
    return;
  }
  let claims;
  try {
    claims = (await jwtVerify(params.assertion, keys, { issuer, audience: domain ? service.audience : mail.audience })).payload;
  } catch (err) {
    ctx.status = 400;
    ctx.body = { error: 'invalid_grant', error_description: 'the assertion does not hold' };
    return;
  }
  const grant = new provider.Grant({ accountId: claims.sub, clientId: client.clientId });
  grant.addOIDCScope('openid offline_access profile');
  grant.addResourceScope(mail.audience, scopeOf(mail));
  const grantId = await grant.save();
  const at = new provider.AccessToken({ accountId: claims.sub, client, grantId, gty: 'jwt-bearer', scope: scopeOf(mail) });
  at.resourceServer = new provider.ResourceServer(mail.audience, server(mail));
  const rt = new provider.RefreshToken({
    accountId: claims.sub, client, grantId, gty: 'jwt-bearer', scope: `openid offline_access profile ${scopeOf(mail)}`, resource: mail.audience, rotations: 0,
  });
  ctx.body = {
    access_token: await at.save(), token_type: 'Bearer', expires_in: lifetime, scope: scopeOf(mail), refresh_token: await rt.save(),
  };
}, ['assertion', 'requested_token_use', 'scope']);

const respond = provider.callback();
http.createServer((req, res) => {
  req.originalUrl = req.url;
  req.url = req.url.slice(path.length) || '/';
  respond(req, res);
}).listen(port, '127.0.0.1', () => console.log('listening'));
