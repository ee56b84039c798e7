import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { apiKeyToken } from '../support/api-keys'
import { jwtVariables } from '../support/identity-provider'
import { interceptDatabase, recordCalls } from '../support/intercept'
import { captureLogs } from '../support/logs'
import { filesPath } from '../support/quantcdn'
import { bodyOf, rootKey, startWorker } from '../support/worker'

const allowed = 3

/** A Worker that allows so many requests of each kind, and counts what it asks of database and rate limiter. */
async function start() {
  const token = await startWorker().organization()
  const calls = recordCalls()
  const limited: string[] = []
  const limiter: RateLimit = {
    async limit({ key }) {
      limited.push(key)
      return { success: limited.filter((other) => other === key).length <= allowed }
    },
  }
  const worker = startWorker({ ...jwtVariables, RATE_LIMITER: limiter, DB: interceptDatabase(env.DB, calls) })
  const list = (token: string | undefined, address = '192.0.2.1') =>
    worker.call('GET', filesPath, {
      ...(token === undefined ? {} : { token }),
      headers: { 'cf-connecting-ip': address },
    })
  const statuses = async (tokens: readonly (string | undefined)[], address?: string) => {
    const statuses = []
    for (const token of tokens) statuses.push((await list(token, address)).status)
    return statuses
  }
  return { worker, token, calls, limited, list, statuses }
}

/** What might be keys by the look of them, and was not made here. */
const guesses = (count: number, from = 0) =>
  Array.from(
    { length: count },
    (_, at) => `slip_${(from + at).toString(16).padStart(16, '0')}_${'A'.repeat(104)}`,
  )

describe('credentials that are refused', () => {
  it('are limited by address: over the limit 429 with Retry-After, without a look into the database', async () => {
    const { calls, list, statuses } = await start()
    expect(await statuses(guesses(allowed))).toEqual([401, 401, 401])
    expect((await list(guesses(1, 100)[0])).status).toBe(429)
    calls.names.length = 0
    const answer = await list(guesses(1, 200)[0])
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '10'])
    expect(await bodyOf(answer)).toMatchObject({ error: true })
    expect(calls.names).toEqual([])
  })

  it('lock out no key elsewhere, none that is verified here, and not the root key', async () => {
    const { worker, token, statuses } = await start()
    expect(await statuses([token])).toEqual([200])
    expect(await statuses(guesses(allowed + 2))).toEqual([401, 401, 401, 429, 429])
    expect(await statuses([token])).toEqual([200])
    const other = await startWorker().organization('acme')
    expect(await statuses([other])).toEqual([429])
    expect(await statuses([other, other], '198.51.100.7')).toEqual([200, 200])
    const byRoot = await worker.call('GET', '/v1/organizations/acme', {
      token: rootKey,
      headers: { 'cf-connecting-ip': '192.0.2.1' },
    })
    expect(byRoot.status).toBe(200)
  })

  it('let the address try again after ten seconds, and a key that is right then goes through', async () => {
    const { token, calls, statuses } = await start()
    await statuses(guesses(allowed + 1))
    vi.setSystemTime(Date.now() + 10_000)
    calls.names.length = 0
    expect(await statuses(guesses(3, 100))).toEqual([429, 429, 429])
    expect(calls.names).toEqual([])
    vi.setSystemTime(Date.now() + 10_000)
    expect(await statuses([token])).toEqual([200])
  })

  it('are counted for a network as a whole with IPv6, and for all clients where no address is known', async () => {
    const { worker, limited, statuses } = await start()
    for (const address of ['2001:db8:1:2::1', '2001:db8:1:2:ffff::', '2001:DB8:1:2:0:0:0:9'])
      expect(await statuses(guesses(1), address)).toEqual([401])
    expect(await statuses(guesses(1), '2001:db8:1:2::7')).toEqual([429])
    expect(await statuses(guesses(1), '2001:db8:1:3::1')).toEqual([401])
    expect(await statuses(guesses(1), '::1')).toEqual([401])
    await worker.call('GET', filesPath, { token: guesses(1)[0] ?? '' })
    expect(new Set(limited)).toEqual(
      new Set(['address 2001:db8:1:2::/64', 'address 2001:db8:1:3::/64', 'address 0:0:0:0::/64', 'address ']),
    )
  })

  it('are counted in every form, but not a request without any', async () => {
    captureLogs()
    const { statuses, limited } = await start()
    expect(await statuses([undefined, undefined])).toEqual([401, 401])
    expect(limited).toEqual([])
    expect(await statuses(['x', 'slip_x_y', 'a.b.c', 'z'])).toEqual([401, 401, 401, 429])
  })

  it('are remembered for ten seconds where the database refused them: the same again costs no look into it', async () => {
    const { calls, list } = await start()
    const { token: unknown } = await apiKeyToken('acme')
    const trips = async (token: string, address: string) => {
      calls.names.length = 0
      expect((await list(token, address)).status).toBe(401)
      return calls.names.length
    }
    expect([await trips(unknown, 'a'), await trips(unknown, 'b')]).toEqual([1, 0])
    vi.setSystemTime(Date.now() + 10_000)
    expect(await trips(unknown, 'c')).toBe(1)
  })

  it('cost no look into the database where they were not made here, and keep no right key from working', async () => {
    const { token, calls, list, statuses } = await start()
    const wrong = token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
    expect(await statuses([wrong, token, wrong])).toEqual([401, 200, 401])
    calls.names.length = 0
    for (const none of [wrong, 'slip_x_y', ...guesses(1)])
      expect((await list(none, `elsewhere ${none}`)).status).toBe(401)
    expect(calls.names).toEqual([])
  })

  it('count against their address also where the database refuses them: 429 for one too many', async () => {
    const { worker, token, calls, limited, statuses } = await start()
    const id = token.split('_')[1]
    await startWorker().call('DELETE', `/v1/api-keys/${id}`, { token: rootKey })
    expect(await statuses(Array(allowed + 2).fill(token))).toEqual([401, 401, 401, 429, 429])
    expect(limited.filter((key) => key.startsWith('address'))).toHaveLength(allowed + 1)
    // The first of them asked.
    expect(calls.names).toHaveLength(1)
    const { token: unknown } = await apiKeyToken('acme')
    calls.names.length = 0
    expect(await statuses([unknown])).toEqual([429])
    expect(calls.names).toEqual([])
    const byRoot = await worker.call('GET', '/v1/organizations/acme', { token: rootKey })
    expect(byRoot.status).toBe(200)
  })

  it('keep the reason they were refused for', async () => {
    const { worker, token, list } = await start()
    const id = token.split('_')[1]
    await worker.call('DELETE', `/v1/api-keys/${id}`, { token: rootKey })
    for (let time = 0; time < 2; time++)
      expect(await bodyOf(await list(token))).toEqual({ error: true, message: 'The token is revoked' })
  })

  it('are not what a database that fails makes of a good key', async () => {
    captureLogs()
    const { token, calls, list, limited } = await start()
    calls.decide = () => 'before'
    expect((await list(token)).status).toBe(500)
    // The key's own rate, and no address.
    expect(limited).toEqual([token.split('_')[1]])
    calls.decide = () => 'none'
    expect((await list(token)).status).toBe(200)
  })
})
