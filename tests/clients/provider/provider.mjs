// The OpenID provider that people log in at in the tests: a real one, with people whose name says what they are.
// PORTAL is where the portal is; PORT is where the provider listens. It says `ready` when it does.

import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const { PORT, PORTAL } = process.env;
const issuer = `http://127.0.0.1:${PORT}`;

// `ada.admin` is an admin; `eve` has no group at all.
const groups = (login) => (login.includes(".") ? [login.split(".")[1]] : []);

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "portal",
      client_secret: "canary-provider-3a9f6b",
      redirect_uris: [`${PORTAL}/login/callback`],
      response_types: ["code"],
      grant_types: ["authorization_code"],
    },
    {
      client_id: "terminal",
      token_endpoint_auth_method: "none",
      redirect_uris: [],
      response_types: [],
      grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
    },
  ],
  claims: { openid: ["sub", "groups"], email: ["email", "email_verified"] },
  conformIdTokenClaims: false,
  features: { deviceFlow: { enabled: true }, devInteractions: { enabled: true } },
  // A terminal is given a refresh token for as long as it asks for one.
  issueRefreshToken: async (_context, client) => client.clientId === "terminal",
  rotateRefreshToken: true,
  pkce: { required: () => true },
  cookies: { keys: ["for tests only"] },
  ttl: { Session: 3600, Grant: 3600, Interaction: 600, IdToken: 600, AccessToken: 600, DeviceCode: 600, RefreshToken: 3600 },
  findAccount: (_context, login) => ({
    accountId: login,
    claims: () => ({ sub: login, email: `${login}@acme.example`, email_verified: true, groups: groups(login) }),
  }),
});

createServer(provider.callback()).listen(Number(PORT), "127.0.0.1", () => console.log("ready"));
