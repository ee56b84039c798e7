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
  {
    organization: 'soak',
    files: new Map([[id, {}]]),
    abandoned: new Set(['pending', 'appended']),
    ended: new Set(),
  },
]

const folder = '_incoming/soak/appended/pieces/'
const pieces = ['10-12-0123456789abcdef', '12-15-fedcba9876543210']

/**
 * One ready file, one upload that was left after its first part, and one under a grant whose bytes are appended: two parts of
 * five bytes, two pieces, and a third that its request did not record.
 */
function soundState(): State {
  const organization_id = 'soak'
  return {
    files: [
      { id, organization_id, status: 'ready', content_id: 'c', grant_id: 'g', metadata: '{"attempt":"k"}' },
      { id: 'pending', organization_id, status: 'uploading', content_id: '', grant_id: '', metadata: '{}' },
      { id: 'appended', organization_id, status: 'uploading', content_id: '', grant_id: 'g', metadata: '{}' },
    ],
    contents: [{ id: 'c', organization_id, object_key: key, byte_size: 5, etag: 'e' }],
    uploads: [
      {
        organization_id,
        id: 'pending',
        method: 'multipart',
        object_key: 'p',
        content_key: 'p',
        reserved_bytes: 7,
        granted_bytes: null,
        multipart_id: 'm',
        promoting_etag: null,
      },
      {
        organization_id,
        id: 'appended',
        method: 'append',
        object_key: 'a',
        content_key: 'a',
        reserved_bytes: 20,
        granted_bytes: 20,
        multipart_id: 'n',
        promoting_etag: null,
        received_bytes: 15,
        part_bytes: 5,
        part_count: 2,
        pieces: JSON.stringify(pieces),
      },
    ],
    strayParts: [],
    grants: [{ id: 'g', files_used: 2, bytes_used: 25 }],
    deletions: [{ object_key: 'late', multipart_id: null }],
    organizations: [{ id: 'soak', used_bytes: 5, reserved_bytes: 27, pending_uploads: 2 }],
    claims: [{ idempotency_key: 'k', subject_id: id, is_open: 0 }],
    objects: [
      { key, size: 5, etag: 'e' },
      { key: 'late', size: 1, etag: 'x' },
      { key: `${folder}${pieces[0]}`, size: 2, etag: 'y' },
      { key: `${folder}${pieces[1]}`, size: 3, etag: 'z' },
      { key: `${folder}15-16-0123456789abcdef`, size: 1, etag: 'w' },
    ],
    openMultiparts: [
      { id: 'm', key: 'p' },
      { id: 'n', key: 'a' },
    ],
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
    expect(output.match(/^holds {3}/gm)).toHaveLength(9)
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
      'no object without a row that refers to it',
      ({ objects }) => objects?.push({ key: `${folder}10-15-0123456789abcdef`, size: 5, etag: 'v' }),
    ],
    [
      'no object without a row that refers to it',
      ({ objects }) =>
        objects?.push({ key: '_incoming/soak/gone/pieces/0-9-0123456789abcdef', size: 9, etag: 'v' }),
    ],
    [
      'every byte that an upload has received is in a part or a piece',
      ({ objects }) => objects?.splice(3, 1),
    ],
    [
      'every byte that an upload has received is in a part or a piece',
      ({ objects }) => Object.assign(objects?.[3] ?? {}, { size: 4 }),
    ],
    [
      'every byte that an upload has received is in a part or a piece',
      ({ uploads }) => Object.assign(uploads?.[1] ?? {}, { received_bytes: 16 }),
    ],
    [
      'every byte that an upload has received is in a part or a piece',
      ({ uploads }) => Object.assign(uploads?.[1] ?? {}, { part_count: 1 }),
    ],
    [
      'every byte that an upload has received is in a part or a piece',
      ({ strayParts }) => strayParts?.push({ file_id: 'gone', part_number: 1 }),
    ],
    ['usage equals its rows', ({ grants }) => Object.assign(grants?.[0] ?? {}, { bytes_used: 26 })],
    ['usage equals its rows', ({ grants }) => Object.assign(grants?.[0] ?? {}, { files_used: 3 })],
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
