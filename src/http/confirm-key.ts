import type { Context } from 'hono'
import { GatewayError } from '../core/errors'
import type { Unverified } from '../core/organizations/unverified'
import type { HttpEnv } from './context'

/** Has the request's work done with a gateway that asks the database about `credential` first. */
export function guardRequest(c: Context<HttpEnv>, credential: Unverified): void {
  const { gateway, confirm } = c.get('guardGateway')(credential)
  c.set('gateway', gateway)
  c.set('confirmCredential', confirm)
}

/**
 * Runs `work`, which authenticates and answers a request. If the database has not been asked about the caller's credential
 * by then, it is asked now: whatever the answer would be, a revoked one gets 401. Throws what `work` and
 * `GuardedGateway.confirm` throw.
 */
export async function answerConfirmed(c: Context<HttpEnv>, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    await confirm(c, error)
    throw error
  }
  await confirm(c, c.error)
}

async function confirm(c: Context<HttpEnv>, failure: unknown): Promise<void> {
  // The answer is that the database does not answer: to ask again would take longer and say no more.
  if (failure instanceof GatewayError && failure.failure.code === 'database_failed') return
  try {
    await c.get('confirmCredential')?.()
  } catch (refusal) {
    forgetAnswer(c)
    throw refusal
  }
}

/** Hono adds the headers of an earlier answer to the next one. Only what CORS has set is for any answer. */
function forgetAnswer(c: Context<HttpEnv>): void {
  for (const name of [...c.res.headers.keys()])
    if (name !== 'vary' && !name.startsWith('access-control-')) c.res.headers.delete(name)
}
