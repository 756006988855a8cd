// An OpenID provider for the tests: PKCE, device flow, access tokens for one resource, and
// rotation that ends the sign-in when a refresh token comes twice.
import http from 'node:http';
import { Provider } from 'oidc-provider';

const [port, lifetime] = process.argv.slice(2).map(Number);
const issuer = `http://127.0.0.1:${port}`;
const resource = 'https://mail.contoso.com';
const scope = `${resource}/EAS.AccessAsUser.All`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'easoauth', application_type: 'native', token_endpoint_auth_method: 'none',
    redirect_uris: ['http://127.0.0.1'], response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
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

http.createServer(provider.callback()).listen(port, '127.0.0.1', () => console.log('listening'));
