import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyOfProject, freePort, NpmStart } from './support/npm-start'

/** The curls in the shell blocks of a page, as printed, in their order. */
function commandsOf(page: string): string[] {
  const blocks = [...readFileSync(page, 'utf8').matchAll(/```sh\n(.*?)```/gs)].map((match) => match[1] ?? '')
  return blocks
    .join('\n')
    .split(/\n(?=curl |#|[a-zA-Z]+=|np[mx] )/)
    .map((command) => command.trim())
    .filter((command) => command.startsWith('curl '))
}

const [firstUpload = '', ...others] = commandsOf('README.md')
const commands = [...commandsOf('docs/dialects.md'), ...commandsOf('docs/grants.md')]
const variables: Record<string, string> = {}
let folder = ''
let gateway: NpmStart | undefined

beforeAll(async () => {
  folder = copyOfProject()
  const port = await freePort()
  gateway = new NpmStart(folder, port)
  await gateway.running()
  variables.URL = `http://127.0.0.1:${port}`
  variables.KEY = /^ *API key {2,}(\S+)$/m.exec(gateway.output)?.[1] ?? ''
  variables.ROOT_API_KEY =
    /^ROOT_API_KEY=(\S+)$/m.exec(readFileSync(join(folder, '.dev.vars'), 'utf8'))?.[1] ?? ''
  // What the commands upload, and a curl that fails where the server refuses.
  writeFileSync(join(folder, 'film.mp4'), randomBytes(1_048_576))
  writeFileSync(join(folder, 'report.pdf'), '%PDF-1.7\n%âãÏÓ\n')
  writeFileSync(join(folder, '.curlrc'), 'silent\nshow-error\nfail-with-body\n')
})

afterAll(() => {
  gateway?.end()
  rmSync(folder, { recursive: true, force: true })
})

/** What `command` prints; rejects when it fails. */
function run(command: string): Promise<string> {
  const env = { PATH: process.env.PATH, CURL_HOME: folder, ...variables }
  return new Promise((resolve, reject) => {
    execFile('bash', ['-c', command], { cwd: folder, env }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command}\n${stdout}${stderr}`))
      else resolve(stdout)
    })
  })
}

/** What a reader would copy from an answer into the next command. */
async function take(stdout: string): Promise<void> {
  const answer = parse(stdout)
  if (typeof answer.uploadUrl === 'string') variables.UPLOAD_URL = answer.uploadUrl
  if (typeof answer.fileId === 'string' && typeof answer.url === 'string') variables.FILE_ID = answer.fileId
  if (typeof answer.id === 'string' && answer.id.startsWith('file_')) variables.ID = answer.id
  if (typeof answer.id === 'string' && typeof answer.token === 'string') {
    variables.GRANT_ID = answer.id
    variables.GRANT_URL = String(answer.url)
  }
  if (typeof answer.id === 'string' && Array.isArray(answer.parts)) variables.UPLOAD_ID = answer.id
  else if (Array.isArray(answer.parts)) await putParts(answer.parts)
  if (typeof answer.signed_id === 'string' && variables.SIGNED_ID === undefined) {
    variables.SIGNED_ID = answer.signed_id
    const { url, headers } = answer.direct_upload as { url: string; headers: Record<string, string> }
    const put = await fetch(url, { method: 'PUT', headers, body: 'hello' })
    expect(put.status).toBe(200)
  }
}

/** What a client does with the URLs of parts. */
async function putParts(parts: { partNumber: number; url: string; size: number }[]): Promise<void> {
  for (const { partNumber, url, size } of parts) {
    const put = await fetch(url, { method: 'PUT', body: randomBytes(size) })
    expect(put.status).toBe(200)
    variables[`ETAG_${partNumber}`] = put.headers.get('etag')?.replaceAll('"', '') ?? ''
  }
}

/** A command without its quotes and line breaks. */
function wordsOf(command: string): string {
  return command.replaceAll('\\\n', ' ').replaceAll(/["']/g, '').replaceAll(/\s+/g, ' ').trim()
}

function parse(stdout: string): Record<string, unknown> {
  try {
    return JSON.parse(stdout) as Record<string, unknown>
  } catch {
    return {}
  }
}

describe("the README's first upload", () => {
  it('is the only request there', () => {
    expect(others).toEqual([])
  })

  it('is what `npm start` prints', () => {
    const printed = /\n {2}(curl (?:.*\\\n)*.*)/.exec(gateway?.output ?? '')?.[1] ?? ''
    const filledIn = firstUpload.replace('$URL', variables.URL ?? '').replace('$KEY', variables.KEY ?? '')
    expect(wordsOf(filledIn)).toEqual(wordsOf(printed))
  })

  it('works as printed', async () => {
    const file = parse(await run(firstUpload))
    expect(file).toMatchObject({ filename: 'hello.txt', size: 16 })
    expect(await (await fetch(String(file.url))).text()).toBe('Hello, Slipway!\n')
  })
})

describe('the commands of docs/dialects.md and docs/grants.md', () => {
  it('cover every dialect', () => {
    for (const path of [
      '/ai/files"',
      '/api/v1/upload/direct"',
      '/v1/files"',
      '/v1/upload/s3"',
      '/v1/uploads"',
      '/v1/grants"',
    ])
      expect(commands.join('\n')).toContain(path)
  })

  it("have every first call of the README's table", () => {
    const calls = [...readFileSync('README.md', 'utf8').matchAll(/\| `[A-Z]+ (\/\S+)` \|$/gm)]
    expect(calls.length).toBeGreaterThanOrEqual(6)
    for (const [, path = ''] of calls) {
      const pattern = new RegExp(`\\$URL${path.replaceAll('{id}', '[a-z]+')}"`)
      expect(commands.filter((command) => pattern.test(command))).not.toEqual([])
    }
  })

  it.each(commands)('work as printed: %s', async (command) => {
    await take(await run(command))
  })

  it('did what they say', async () => {
    const blob = await run(commands.find((command) => command.includes('/api/v1/blobs/')) ?? 'false')
    expect(blob).toBe('hello')
    const gone = run(commands.find((command) => command.includes('/ai/files/$FILE_ID')) ?? 'false')
    await expect(gone).rejects.toThrow('File not found')
    const uploaded = await run(commands.find((command) => command.includes('/complete"')) ?? 'false')
    expect(parse(uploaded)).toMatchObject({ id: variables.UPLOAD_ID, status: 'ready', sizeBytes: 6291456 })
  })
})
