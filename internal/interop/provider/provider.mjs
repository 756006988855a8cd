// An OpenID provider for the tests: PKCE, device flow, access tokens for one resource, and
// rotation that ends the sign-in when a refresh token comes twice.
import http from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { Provider } from 'oidc-provider';

const [port, lifetime] = process.argv.slice(2).map(Number);
const issuer = `http://127.0.0.1:${port}`;
const resource = 'https://mail.contoso.com';
const scope = `${resource}/EAS.AccessAsUser.All`;

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
      defaultResource: async () => resource,
      useGrantedResource: async () => true,
      getResourceServerInfo: async () => ({
        scope, audience: resource, accessTokenTTL: lifetime, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
  extraTokenClaims: async () => ({ scp: 'EAS.AccessAsUser.All' }),
  findAccount: async (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  cookies: { keys: ['for tests'] },
});

// On-behalf-of: an access token of the user for another, with a refresh token.
const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
provider.registerGrantType(onBehalfOf, async (ctx) => {
  const { client, params } = ctx.oidc;
  if (params.requested_token_use !== 'on_behalf_of') {
    ctx.status = 400;
    ctx.body = { error: 'invalid_request' };
    return;
  }
  let claims;
  try {
    claims = (await jwtVerify(params.assertion, keys, { issuer, audience: resource })).payload;
  } catch (err) {
    ctx.status = 400;
    ctx.body = { error: 'invalid_grant', error_description: 'the assertion does not hold' };
    return;
  }
  const grant = new provider.Grant({ accountId: claims.sub, clientId: client.clientId });
  grant.addOIDCScope('openid offline_access profile');
  grant.addResourceScope(resource, scope);
  const grantId = await grant.save();
  const at = new provider.AccessToken({ accountId: claims.sub, client, grantId, gty: 'jwt-bearer', scope });
  at.resourceServer = new provider.ResourceServer(resource, {
    scope, audience: resource, accessTokenTTL: lifetime, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } },
  });
  const rt = new provider.RefreshToken({
    accountId: claims.sub, client, grantId, gty: 'jwt-bearer', scope: `openid offline_access profile ${scope}`, resource, rotations: 0,
  });
  ctx.body = {
    access_token: await at.save(), token_type: 'Bearer', expires_in: lifetime, scope, refresh_token: await rt.save(),
  };
}, ['assertion', 'requested_token_use', 'scope']);

http.createServer(provider.callback()).listen(port, '127.0.0.1', () => console.log('listening'));
