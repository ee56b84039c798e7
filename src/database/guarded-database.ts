import type { RefusalReason, Unverified } from '../core/organizations/unverified'
import { repeatedly, runRepeatableBatch } from './d1'
import { prepare, type Statement } from './statement'

/** A use is noted once in this time. */
const lastUseResolutionMs = 60 * 60 * 1000

/** What the triggers of `api_key_uses` and `grant_uses` say, and what it means. */
const refusals: Readonly<Record<string, RefusalReason>> = {
  api_key_unknown: 'invalid',
  api_key_revoked: 'revoked',
  api_key_expired: 'expired',
  grant_revoked: 'revoked',
}

/**
 * `db` for one request with `credential`. The request's first call carries a statement that aborts the whole batch if that is
 * refused; calls that come meanwhile wait for its end. If it fails otherwise, the next call is the first. Once it is
 * accepted `db` is called as it is, and once it is refused no more. `confirm` asks if no call did.
 */
export function guardDatabase(
  db: D1Database,
  credential: Unverified,
): { db: D1Database; confirm(): Promise<void> } {
  const use = useOf(db, credential)
  let isAccepted = false
  let refusal: Error | null = null
  let asking: Promise<unknown> | null = null

  const ask = async (statements: D1PreparedStatement[]): Promise<D1Result[]> => {
    try {
      const [, ...results] = await db.batch([use, ...statements])
      isAccepted = true
      credential.accept()
      return results
    } catch (error) {
      const reason = refusalIn(error)
      if (reason === undefined) throw error
      refusal = await credential.refuse(reason)
      throw refusal
    }
  }
  const call = async <T>(guarded: () => Promise<T>, unguarded: () => Promise<T>): Promise<T> => {
    while (asking !== null) await asking.catch(() => {})
    if (refusal !== null) throw refusal
    if (isAccepted) return unguarded()
    const first = guarded().finally(() => {
      asking = null
    })
    asking = first
    return first
  }

  const guarded = {
    prepare: (sql: string) => new GuardedStatement(db.prepare(sql), all),
    batch(statements: readonly GuardedStatement[]) {
      const own = statements.map(({ statement }) => statement)
      return call(
        () => ask(own),
        () => db.batch(own),
      )
    },
    // The repositories use no more of it.
  } as unknown as D1Database
  /** A single statement is a read, which D1 repeats by itself when it is alone. */
  function all(statement: D1PreparedStatement): Promise<D1Result> {
    return call(
      async () => (await repeatedly(() => ask([statement])))[0] as D1Result,
      () => statement.all(),
    )
  }
  return {
    db: guarded,
    async confirm() {
      if (!isAccepted) await runRepeatableBatch(guarded, 'credentials.use', {})
    },
  }
}

/** A statement that is run through the guard. */
class GuardedStatement {
  constructor(
    readonly statement: D1PreparedStatement,
    private readonly run: (statement: D1PreparedStatement) => Promise<D1Result>,
  ) {}

  bind(...values: unknown[]): GuardedStatement {
    return new GuardedStatement(this.statement.bind(...values), this.run)
  }

  all(): Promise<D1Result> {
    return this.run(this.statement)
  }
}

/** Fails if the credential is refused. Notes the use of an API key if none is noted of the last hour. */
function useOf(db: D1Database, { subject, usedAt }: Unverified): Statement {
  if (subject.kind === 'grant')
    return prepare(
      db,
      "INSERT INTO grant_uses (organization_id, id) VALUES (:organizationId, unhex(:id, '-'))",
      { organizationId: subject.organizationId, id: subject.id },
    )
  const { id, secretSha256 } = subject
  return prepare(
    db,
    `INSERT INTO api_key_uses (id, secret_sha256, used_at, unless_used_after)
     VALUES (:id, :secretSha256, :usedAt, :unlessUsedAfter)`,
    { id, secretSha256, usedAt, unlessUsedAfter: usedAt - lastUseResolutionMs },
  )
}

function refusalIn(error: unknown): RefusalReason | undefined {
  if (!(error instanceof Error)) return undefined
  return Object.entries(refusals).find(([words]) => error.message.includes(words))?.[1]
}
