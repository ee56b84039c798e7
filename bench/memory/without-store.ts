import { interceptBucket, interceptDatabase } from '../../test/support/intercept'

type Bindings = { DB: D1Database; BUCKET: R2Bucket }
type Worker<E extends Bindings> = {
  fetch(request: Request, env: E, context: ExecutionContext): Response | Promise<Response>
}

/**
 * `worker` over a database that gives each batch the answer it gave the first time, and a bucket that takes bytes and keeps
 * none. What memory grows by then is the Worker's alone: Miniflare's D1 and R2 are in the same process.
 */
export function withoutStore<E extends Bindings>(worker: Worker<E>): Worker<E> {
  const wrapped = new WeakMap<E, E>()
  return {
    fetch(request, env, context) {
      const bindings = wrapped.get(env) ?? {
        ...env,
        DB: remembering(env.DB),
        BUCKET: keepingNothing(env.BUCKET),
      }
      wrapped.set(env, bindings)
      return worker.fetch(request, bindings, context)
    },
  }
}

function remembering(db: D1Database): D1Database {
  const answers = new Map<string, Promise<unknown>>()
  return interceptDatabase(db, ({ statements, make }) => {
    const asked = statements.map(({ sql }) => sql).join(';')
    const answer = answers.get(asked) ?? make()
    answers.set(asked, answer)
    return answer
  })
}

function keepingNothing(bucket: R2Bucket): R2Bucket {
  return interceptBucket(bucket, async ({ args: [key, bytes] }) => ({
    key,
    size: (bytes as Uint8Array).byteLength,
    etag: 'd41d8cd98f00b204e9800998ecf8427e',
    checksums: {},
  }))
}
