import { type ChildProcess, execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

// What `npm run` would take: Node 24 where it is installed.
const bundledNode = join('node_modules', '.bin', 'node')
const node = existsSync(bundledNode) ? bundledNode : process.execPath

const started: ChildProcess[] = []

// It ends what it has started itself.
afterAll(() => {
  for (const soak of started) soak.kill('SIGTERM')
})

function soak(environment: Record<string, string>): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...environment }
    const running = execFile(node, ['bench/run.mjs', 'soak'], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    )
    started.push(running)
  })
}

type State = Record<string, Record<string, unknown>[]>
type Checker = { checkInvariants(state: State, clients: object[]): Record<string, string[]> }

const { checkInvariants }: Checker = await import(join(process.cwd(), 'bench', 'soak', 'invariants.mjs'))

const id = '01900000-0000-7000-8000-000000000001'
const key = `soak/${id}.txt`
const clients = [
  { organization: 'soak', files: new Map([[id, {}]]), abandoned: new Set(['pending']), ended: new Set() },
]

/** One ready file and one upload that was left after its first part. */
function soundState(): State {
  const organization_id = 'soak'
  return {
    files: [
      { id, organization_id, status: 'ready', content_id: 'c', metadata: '{"attempt":"k"}' },
      { id: 'pending', organization_id, status: 'uploading', content_id: null, metadata: '{}' },
    ],
    contents: [{ id: 'c', organization_id, object_key: key, byte_size: 5, etag: 'e' }],
    uploads: [
      {
        organization_id,
        object_key: 'p',
        content_key: 'p',
        reserved_bytes: 7,
        multipart_id: 'm',
        promoting_etag: null,
      },
    ],
    deletions: [{ object_key: 'late', multipart_id: null }],
    organizations: [{ id: 'soak', used_bytes: 5, reserved_bytes: 7, pending_uploads: 1 }],
    claims: [{ idempotency_key: 'k', subject_id: id, is_open: 0 }],
    objects: [
      { key, size: 5, etag: 'e' },
      { key: 'late', size: 1, etag: 'x' },
    ],
    openMultiparts: [{ id: 'm', key: 'p' }],
  }
}

/** The names of the invariants that do not hold in `state`. */
function broken(state: State): string[] {
  return Object.entries(checkInvariants(state, clients))
    .filter(([, problems]) => problems.length > 0)
    .map(([name]) => name)
}

describe('the soak', () => {
  it('runs for some seconds without an error, and every invariant holds', async () => {
    const { code, output } = await soak({ SOAK_SECONDS: '6', SOAK_CLIENTS: '4', SOAK_REST_SECONDS: '1' })
    expect(output).toMatch(/^all operations +\d+ +0 /m)
    expect(output).not.toContain('BROKEN')
    expect(output.match(/^holds {3}/gm)).toHaveLength(8)
    expect(code, output).toBe(0)
  })

  it('finds nothing wrong with a sound state', () => {
    expect(broken(soundState())).toEqual([])
  })

  it.each<[string, (state: State) => void]>([
    ['every ready file has its bytes, with size and ETag', ({ objects }) => objects?.shift()],
    [
      'every ready file has its bytes, with size and ETag',
      ({ objects }) => Object.assign(objects?.[0] ?? {}, { etag: 'other' }),
    ],
    [
      'every content has a file',
      ({ files }) => Object.assign(files?.[0] ?? {}, { status: 'error', content_id: null }),
    ],
    ['no object without a row that refers to it', ({ deletions }) => deletions?.pop()],
    [
      'no open multipart upload without a row that refers to it',
      ({ openMultiparts }) => openMultiparts?.push({ id: 'lost', key: 'p' }),
    ],
    [
      'usage equals its rows',
      ({ organizations }) => Object.assign(organizations?.[0] ?? {}, { used_bytes: 4 }),
    ],
    [
      'usage equals its rows',
      ({ organizations }) => Object.assign(organizations?.[0] ?? {}, { reserved_bytes: 0 }),
    ],
    [
      'usage equals its rows',
      ({ organizations }) => Object.assign(organizations?.[0] ?? {}, { pending_uploads: 0 }),
    ],
    ['one file per Idempotency-Key', ({ files }) => files?.push({ ...files[0], id: 'twin' })],
    [
      'files are those that the clients know, in the states they know',
      ({ files }) => Object.assign(files?.[1] ?? {}, { status: 'failed' }),
    ],
    ['files are those that the clients know, in the states they know', ({ files }) => files?.pop()],
  ])('sees that it does not hold: %s', (name, spoil) => {
    const state = soundState()
    spoil(state)
    expect(broken(state)).toContain(name)
  })
})
