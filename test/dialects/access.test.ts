import { describe, expect, it } from 'vitest'
import { scopes } from '../../src/core/organizations/principal'
import { createDialects } from '../../src/dialects'
import { scopeOf } from '../../src/http/operation'
import { rootKey, startWorker } from '../support/worker'

const dialects = createDialects({
  quantcdnExtraContentTypes: [],
  cuadraExtraContentTypes: [],
  publicBaseUrl: null,
  storeOrigin: 'https://store.example.com',
})

/** Every operation that asks for a credential, at a path that names something. */
const guarded = Object.entries(dialects).flatMap(([name, { path, prefixes = [''], operations }]) =>
  operations
    .filter(({ access }) => access !== 'public')
    .flatMap((operation) =>
      prefixes.map((prefix) => ({
        name: `${name}.${operation.name}`,
        access: operation.access,
        method: operation.method.toUpperCase(),
        path: (path + prefix + operation.path).replace(':organisation', 'acme').replace(/:\w+/g, 'x'),
      })),
    ),
)

const byScope = guarded.flatMap(({ access, ...at }) =>
  // Only the token in the path is looked at there.
  at.name.startsWith('grantHolder.') || access === 'root' || access === 'any' || access === 'public'
    ? []
    : [{ ...at, scope: scopeOf(access) }],
)

/** Without it tus answers before it looks at the credential. */
const headers = { 'tus-resumable': '1.0.0' }

describe('access', () => {
  it.each(guarded)(
    '$name at $path: 401 without a credential, and with a wrong one',
    async ({ method, path }) => {
      const worker = startWorker()
      expect((await worker.call(method, path, { headers })).status).toBe(401)
      const token = `slip_${'0'.repeat(16)}_${'A'.repeat(104)}`
      expect((await worker.call(method, path, { token, headers })).status).toBe(401)
    },
  )

  it.each(byScope)(
    '$name at $path: 403 for the root key, and for a key with every scope but $scope',
    async ({ method, path, scope: wanted }) => {
      const worker = startWorker()
      const others = scopes.filter((scope) => scope !== wanted)
      const token = await worker.organization('acme', others)
      expect((await worker.call(method, path, { token, headers })).status).toBe(403)
      expect((await worker.call(method, path, { token: rootKey, headers })).status).toBe(403)
    },
  )

  it.each(guarded.filter(({ access }) => access === 'root'))(
    '$name: 403 for every key of an organization',
    async ({ method, path }) => {
      const worker = startWorker()
      const token = await worker.organization()
      expect((await worker.call(method, path, { token, headers })).status).toBe(403)
    },
  )
})
