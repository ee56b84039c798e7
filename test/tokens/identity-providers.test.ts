import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  jwtVariables,
  newSigningKey,
  type SigningKey,
  signAnything,
  startIdentityProvider,
} from '../support/identity-provider'
import { captureLogs } from '../support/logs'
import { base64 } from '../support/quantcdn'
import { type Bindings, startWorker } from '../support/worker'

let signer: SigningKey

beforeAll(async () => {
  signer = await newSigningKey('key-1')
})

beforeEach(() => {
  startIdentityProvider([signer])
})

type Sample = {
  /** What the operator configures beside the provider's keys, as `docs/identity-providers.md` has it. */
  variables: Bindings
  /** As the provider writes them; `iat` and `exp` are added. */
  claims: Record<string, unknown>
  organization: string
  may: readonly ('read' | 'write' | 'admin')[]
  isMachine?: boolean
}

const tenant = '8f2b1c7e-4f0d-4a3e-9b1a-2c5d7e9f0a1b'
const person = '3f0d2c1b-9a8e-4d7c-b6a5-043c2b1a0f9e'

const samples: Record<string, Sample> = {
  'Okta, a person: scp is an array': {
    variables: {
      JWT_ISSUER: 'https://dev-123.okta.com/oauth2/default',
      JWT_AUDIENCE: 'api://default',
      JWT_ORGANIZATION_CLAIM: '/org',
    },
    claims: {
      ver: 1,
      jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
      iss: 'https://dev-123.okta.com/oauth2/default',
      aud: 'api://default',
      cid: '0oabucvyc38HLL1ef0h7',
      uid: '00uixa271s6x7qt8I0h7',
      scp: ['openid', 'files:read', 'files:write'],
      auth_time: 1_760_000_000,
      sub: 'ada@example.com',
      org: 'acme',
    },
    organization: 'acme',
    may: ['read', 'write'],
  },
  'Okta, a program': {
    variables: {
      JWT_ISSUER: 'https://dev-123.okta.com/oauth2/default',
      JWT_AUDIENCE: 'api://default',
      JWT_ORGANIZATION_CLAIM: '/org',
    },
    claims: {
      ver: 1,
      iss: 'https://dev-123.okta.com/oauth2/default',
      aud: 'api://default',
      cid: '0oabucvyc38HLL1ef0h7',
      scp: ['files:write'],
      sub: '0oabucvyc38HLL1ef0h7',
      org: 'acme',
    },
    organization: 'acme',
    may: ['write'],
    isMachine: true,
  },
  'Auth0 with RBAC: permissions beside a scope that means nothing here, two audiences': {
    variables: {
      JWT_ISSUER: 'https://tenant.eu.auth0.com/',
      JWT_AUDIENCE: 'https://gateway.example.com',
      JWT_ORGANIZATION_CLAIM: '/org_name',
    },
    claims: {
      iss: 'https://tenant.eu.auth0.com/',
      sub: 'auth0|65f0c3b1a2d4e5f60718293a',
      aud: ['https://gateway.example.com', 'https://tenant.eu.auth0.com/userinfo'],
      scope: 'openid profile email',
      azp: 'my_client_id',
      org_id: 'org_9ybsU1dN2dKfDkBi',
      org_name: 'acme',
      permissions: ['files:read'],
    },
    organization: 'acme',
    may: ['read'],
  },
  'Auth0, a program': {
    variables: {
      JWT_ISSUER: 'https://tenant.eu.auth0.com/',
      JWT_AUDIENCE: 'https://gateway.example.com',
      JWT_ORGANIZATION_CLAIM: '/https:~1~1example.com~1org',
    },
    claims: {
      iss: 'https://tenant.eu.auth0.com/',
      sub: 'my_client_id@clients',
      aud: 'https://gateway.example.com',
      azp: 'my_client_id',
      scope: 'files:read files:write',
      gty: 'client-credentials',
      'https://example.com/org': 'acme',
    },
    organization: 'acme',
    may: ['read', 'write'],
    isMachine: true,
  },
  'Supabase: no scopes at all': {
    variables: {
      JWT_ISSUER: 'https://abcdefghijklmnopqrst.supabase.co/auth/v1',
      JWT_AUDIENCE: 'authenticated',
      JWT_ORGANIZATION_CLAIM: '/app_metadata/org_id',
      JWT_DEFAULT_SCOPES: 'files:read files:write',
    },
    claims: {
      iss: 'https://abcdefghijklmnopqrst.supabase.co/auth/v1',
      sub: person,
      aud: 'authenticated',
      email: 'ada@example.com',
      phone: '',
      app_metadata: { provider: 'email', providers: ['email'], org_id: 'acme' },
      user_metadata: { org_id: 'other', email_verified: true },
      role: 'authenticated',
      aal: 'aal1',
      amr: [{ method: 'password', timestamp: 1_760_000_000 }],
      session_id: '5d0b3c6e-2f7a-4a1b-8c9d-0e1f2a3b4c5d',
      is_anonymous: false,
    },
    organization: 'acme',
    may: ['read', 'write'],
  },
  'Firebase, with a tenant of Identity Platform': {
    variables: {
      JWT_ISSUER: 'https://securetoken.google.com/my-project',
      JWT_AUDIENCE: 'my-project',
      JWT_ORGANIZATION_CLAIM: '/firebase/tenant',
      JWT_DEFAULT_SCOPES: 'files:read',
    },
    claims: {
      iss: 'https://securetoken.google.com/my-project',
      aud: 'my-project',
      auth_time: 1_760_000_000,
      user_id: 'Yx3uG0kQbVhL2m8nP5rT7wZ1aBc2',
      sub: 'Yx3uG0kQbVhL2m8nP5rT7wZ1aBc2',
      email: 'ada@example.com',
      email_verified: true,
      firebase: {
        identities: { email: ['ada@example.com'] },
        sign_in_provider: 'password',
        tenant: 'acme-x1y2z',
      },
    },
    organization: 'acme-x1y2z',
    may: ['read'],
  },
  'Firebase, with custom claims': {
    variables: {
      JWT_ISSUER: 'https://securetoken.google.com/my-project',
      JWT_AUDIENCE: 'my-project',
      JWT_ORGANIZATION_CLAIM: '/org',
      JWT_SCOPE_CLAIM: '/roles',
      JWT_SCOPE_MAP: 'uploader=files:write',
    },
    claims: {
      iss: 'https://securetoken.google.com/my-project',
      aud: 'my-project',
      sub: 'Yx3uG0kQbVhL2m8nP5rT7wZ1aBc2',
      user_id: 'Yx3uG0kQbVhL2m8nP5rT7wZ1aBc2',
      org: 'acme',
      roles: ['uploader', 'beta'],
      firebase: { identities: {}, sign_in_provider: 'custom' },
    },
    organization: 'acme',
    may: ['write'],
  },
  'Clerk, a session token: no aud, the role of the organization': {
    variables: {
      JWT_ISSUER: 'https://clean-mayfly-62.clerk.accounts.dev',
      JWT_AUDIENCE: 'https://app.example.com',
      JWT_ORGANIZATION_CLAIM: '/o/slg',
      JWT_SCOPE_CLAIM: '/o/rol',
      JWT_SCOPE_MAP: 'admin=files:read,admin=files:write,member=files:read',
    },
    claims: {
      azp: 'https://app.example.com',
      fva: [3, -1],
      iss: 'https://clean-mayfly-62.clerk.accounts.dev',
      jti: '4ff4b8d1a2c3',
      o: { id: 'org_2jO0MNXzYhNEqzI1xqPqjwJZ5Hx', slg: 'acme', rol: 'admin', per: 'read,manage', fpm: '3' },
      sid: 'sess_2jO0Oi8xDqGvFqfJkQbVhL2m8nP',
      sts: 'active',
      sub: 'user_2jO0MIzCCCKZmbBnTQvCkIXlfQY',
      v: 2,
    },
    organization: 'acme',
    may: ['read', 'write'],
  },
  'Entra ID, a person: scp with its own names': {
    variables: {
      JWT_ISSUER: `https://login.microsoftonline.com/${tenant}/v2.0`,
      JWT_AUDIENCE: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
      JWT_ORGANIZATION_CLAIM: '/tid',
      JWT_SCOPE_MAP: 'Files.Read=files:read, Files.ReadWrite=files:read, Files.ReadWrite=files:write',
    },
    claims: {
      aud: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
      iss: `https://login.microsoftonline.com/${tenant}/v2.0`,
      azp: 'f2d5b9c0-1a2b-4c3d-8e4f-5a6b7c8d9e0f',
      azpacr: '0',
      name: 'Ada Lovelace',
      oid: person,
      preferred_username: 'ada@example.com',
      scp: 'Files.ReadWrite User.Read',
      sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
      tid: tenant,
      uti: 'fqiBqXLPj0eQa82S-IYFAA',
      ver: '2.0',
    },
    organization: tenant,
    may: ['read', 'write'],
  },
  'Entra ID, a program: roles': {
    variables: {
      JWT_ISSUER: `https://login.microsoftonline.com/${tenant}/v2.0`,
      JWT_AUDIENCE: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
      JWT_ORGANIZATION_CLAIM: '/tid',
      JWT_SCOPE_CLAIM: '/roles',
      JWT_SCOPE_MAP: 'Files.Read.All=files:read',
    },
    claims: {
      aud: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
      iss: `https://login.microsoftonline.com/${tenant}/v2.0`,
      azp: 'f2d5b9c0-1a2b-4c3d-8e4f-5a6b7c8d9e0f',
      azpacr: '1',
      idtyp: 'app',
      oid: person,
      roles: ['Files.Read.All'],
      sub: person,
      tid: tenant,
      ver: '2.0',
    },
    organization: tenant,
    may: ['read'],
    isMachine: true,
  },
  'Keycloak: realm roles, organizations as an array': {
    variables: {
      JWT_ISSUER: 'https://id.example.com/realms/demo',
      JWT_AUDIENCE: 'gateway',
      JWT_ORGANIZATION_CLAIM: '/organization/0',
      JWT_SCOPE_CLAIM: '/realm_access/roles',
      JWT_SCOPE_MAP: 'uploader=files:write,keeper=org:admin',
    },
    claims: {
      jti: 'onrtac:2b0f5d1e-7f7c-4b55-9d0e-0a4f6d6f3f11',
      iss: 'https://id.example.com/realms/demo',
      aud: ['gateway', 'account'],
      sub: person,
      typ: 'Bearer',
      azp: 'web',
      sid: '0e1f2a3b-4c5d-4e6f-8a9b-0c1d2e3f4a5b',
      acr: '1',
      realm_access: { roles: ['offline_access', 'uploader', 'uma_authorization', 'keeper'] },
      resource_access: { account: { roles: ['manage-account'] } },
      scope: 'openid profile email organization',
      organization: ['acme'],
      preferred_username: 'ada',
    },
    organization: 'acme',
    may: ['write', 'admin'],
  },
  'Keycloak, with client scopes of our own names': {
    variables: {
      JWT_ISSUER: 'https://id.example.com/realms/demo',
      JWT_AUDIENCE: 'gateway',
      JWT_ORGANIZATION_CLAIM: '/org',
    },
    claims: {
      iss: 'https://id.example.com/realms/demo',
      aud: 'gateway',
      sub: person,
      typ: 'Bearer',
      azp: 'web',
      scope: 'openid files:read profile',
      org: 'acme',
    },
    organization: 'acme',
    may: ['read'],
  },
  'Cognito, an access token: no aud, scopes of a resource server': {
    variables: {
      JWT_ISSUER: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example',
      JWT_AUDIENCE: '1example23456789',
      JWT_ORGANIZATION_CLAIM: '/cognito:groups/0',
      JWT_SCOPE_MAP: 'gateway/files.read=files:read,gateway/files.write=files:write',
    },
    claims: {
      sub: person,
      'cognito:groups': ['acme'],
      iss: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example',
      version: 2,
      client_id: '1example23456789',
      origin_jti: 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee',
      token_use: 'access',
      scope: 'openid gateway/files.read',
      auth_time: 1_760_000_000,
      username: 'ada',
    },
    organization: 'acme',
    may: ['read'],
  },
  'Cognito, an ID token with a custom attribute': {
    variables: {
      JWT_ISSUER: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example',
      JWT_AUDIENCE: '1example23456789',
      JWT_ORGANIZATION_CLAIM: '/custom:org',
      JWT_DEFAULT_SCOPES: 'files:read',
    },
    claims: {
      sub: person,
      aud: '1example23456789',
      iss: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example',
      'cognito:username': 'ada',
      'custom:org': 'acme',
      token_use: 'id',
      email: 'ada@example.com',
    },
    organization: 'acme',
    may: ['read'],
  },
}

/** What the token of `claims` may do in `organization`, and what the log calls its bearer. */
async function abilitiesOf({ variables, organization }: Sample, claims: Record<string, unknown>) {
  const logs = captureLogs()
  const worker = startWorker({ ...jwtVariables, ...variables })
  await worker.organization(organization)
  const now = Math.floor(Date.now() / 1000)
  const token = await signAnything(signer, {}, { iat: now, exp: now + 300, ...claims })
  const path = `/api/v3/organizations/${organization}/ai/files`
  const json = { content: base64('hi'), contentType: 'text/plain' }
  const statuses = {
    read: (await worker.call('GET', path, { token })).status,
    write: (await worker.call('POST', path, { token, json })).status,
    admin: (await worker.call('GET', '/v1/api-keys', { token })).status,
  }
  const able = { read: 200, write: 201, admin: 200 }
  const names = ['read', 'write', 'admin'] as const
  return {
    may: names.filter((name) => statuses[name] === able[name]),
    refusals: new Set(names.filter((name) => statuses[name] !== able[name]).map((name) => statuses[name])),
    isMachine: logs.events().find(({ subject }) => subject !== undefined)?.isMachine,
  }
}

describe('a token as its provider writes it', () => {
  it.each(Object.entries(samples))('may do what it says and no more: %s', async (_, sample) => {
    const { may, refusals, isMachine } = await abilitiesOf(sample, sample.claims)
    expect(may).toEqual(sample.may)
    expect([...refusals]).toEqual(may.length === 3 ? [] : [403])
    expect(isMachine).toBe(sample.isMachine ?? false)
  })

  it.each(Object.entries(samples))('is refused when it is for another application: %s', async (_, sample) => {
    const { aud, client_id, azp } = sample.claims
    const claims: Record<string, unknown> =
      aud === undefined
        ? { ...(client_id ? { client_id: 'x' } : {}), ...(azp ? { azp: 'x' } : {}) }
        : { aud: 'x' }
    const { may, refusals } = await abilitiesOf(sample, { ...sample.claims, ...claims })
    expect([may, [...refusals]]).toEqual([[], [401]])
  })

  it.each(Object.entries(samples))('is 403 where it names no organization: %s', async (_, sample) => {
    const [name = ''] = /[^/]+/.exec(sample.variables.JWT_ORGANIZATION_CLAIM ?? '') ?? []
    const claims = { ...sample.claims, [name.replaceAll('~1', '/')]: undefined }
    const { may, refusals } = await abilitiesOf(sample, claims)
    expect([may, [...refusals]]).toEqual([[], [403]])
  })
})

describe('the scopes of a token', () => {
  const scopesOf = async (variables: Bindings, claims: Record<string, unknown>) =>
    (
      await abilitiesOf(
        { variables, claims, organization: 'acme', may: [] },
        { iss: jwtVariables.JWT_ISSUER, aud: jwtVariables.JWT_AUDIENCE, sub: 'u', org_id: 'acme', ...claims },
      )
    ).may

  it('are those of the first claim that names one known here', async () => {
    const all = { scp: ['files:write'], permissions: ['files:read', 'org:admin'] }
    expect(await scopesOf({}, { scope: 'files:read', ...all })).toEqual(['read'])
    expect(await scopesOf({}, { scope: 'openid', ...all })).toEqual(['write'])
    expect(await scopesOf({}, { scp: 'openid', permissions: all.permissions })).toEqual(['read', 'admin'])
  })

  it('are looked for where the operator says, and nowhere else', async () => {
    const variables = { JWT_SCOPE_CLAIM: '/realm/roles' } as Bindings
    expect(await scopesOf(variables, { scope: 'org:admin', realm: { roles: ['files:read'] } })).toEqual([
      'read',
    ])
    expect(await scopesOf(variables, { scope: 'org:admin' })).toEqual([])
  })

  it('are the default only for tokens that have no such claim', async () => {
    const variables = { JWT_DEFAULT_SCOPES: 'files:read' } as Bindings
    expect(await scopesOf(variables, {})).toEqual(['read'])
    for (const scope of ['', 'openid', [], null, {}, 7])
      expect(await scopesOf(variables, { scope })).toEqual([])
    expect(await scopesOf({}, {})).toEqual([])
  })

  it('come from a map word by word, never from parts of words or names that every object has', async () => {
    const variables = { JWT_SCOPE_MAP: 'up=files:write' } as Bindings
    expect(await scopesOf(variables, { scope: 'up' })).toEqual(['write'])
    for (const scope of ['upload', 'UP', 'constructor', ['__proto__', ['up'], 'toString']])
      expect(await scopesOf(variables, { scope })).toEqual([])
  })
})
