// The issuer whose tokens workloads have in the tests: a real OpenID provider that gives signed access tokens to clients
// by their credentials. PORT is where it listens; KEYS a file with its private keys (a JWK set), made when it is not
// there, so that a restart with another file is an issuer that has rolled its keys. It says `ready` when it listens.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";

const { PORT, KEYS } = process.env;

if (!existsSync(KEYS)) {
  const key = async (alg, options) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true, ...options });
    const name = `${alg}-${Math.random().toString(36).slice(2)}`;
    return { ...(await exportJWK(privateKey)), kid: name, use: "sig", alg };
  };
  const keys = await Promise.all([key("RS256"), key("ES256"), key("EdDSA", { crv: "Ed25519" })]);
  writeFileSync(KEYS, JSON.stringify({ keys }));
}

const clients = ["trainer", "stranger"].map((client_id) => ({
  client_id,
  client_secret: "for tests only",
  redirect_uris: [],
  response_types: [],
  grant_types: ["client_credentials"],
}));

const provider = new Provider(`http://127.0.0.1:${PORT}`, {
  clients,
  jwks: JSON.parse(readFileSync(KEYS, "utf8")),
  scopes: ["RS256", "ES256", "EdDSA"],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      // What a token is for is its resource; how it is signed, its scope.
      getResourceServerInfo: (context, resource) => ({
        scope: "RS256 ES256 EdDSA",
        audience: resource.replace("urn:", ""),
        accessTokenTTL: 300,
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: context.oidc.params.scope ?? "RS256" } },
      }),
    },
  },
  extraTokenClaims: (_context, token) => ({ department: { team: "ml" }, roles: ["call", token.clientId] }),
});

createServer(provider.callback()).listen(Number(PORT), "127.0.0.1", () => console.log("ready"));
