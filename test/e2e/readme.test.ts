import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyOfProject, freePort, NpmStart } from './support/npm-start'

/** The commands of README's "Use it", as printed, in their order. */
function commandsOfReadme(): string[] {
  const section = /\n## Use it\n(.*?)\n## /s.exec(readFileSync('README.md', 'utf8'))?.[1] ?? ''
  const blocks = [...section.matchAll(/```sh\n(.*?)```/gs)].map((match) => match[1] ?? '')
  return (
    blocks
      .join('\n')
      // "# then: curl …" is a command too: it needs what the one before it answered.
      .replaceAll('# then: curl', 'curl')
      .split(/\n(?=curl |#|[A-Z]+=)/)
      .map((command) => command.trim())
      .filter((command) => command.startsWith('curl '))
      // An identity provider is not part of `npm start`.
      .filter((command) => !command.includes('$TOKEN'))
  )
}

const commands = commandsOfReadme()
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
  if (typeof answer.signed_id === 'string' && variables.SIGNED_ID === undefined) {
    variables.SIGNED_ID = answer.signed_id
    const { url, headers } = answer.direct_upload as { url: string; headers: Record<string, string> }
    const put = await fetch(url, { method: 'PUT', headers, body: 'hello' })
    expect(put.status).toBe(200)
  }
}

function parse(stdout: string): Record<string, unknown> {
  try {
    return JSON.parse(stdout) as Record<string, unknown>
  } catch {
    return {}
  }
}

describe("the README's commands", () => {
  it('cover every dialect', () => {
    for (const path of ['/ai/files"', '/api/v1/upload/direct"', '/v1/files"', '/v1/upload/s3"'])
      expect(commands.join('\n')).toContain(path)
  })

  it.each(commands)('work as printed: %s', async (command) => {
    await take(await run(command))
  })

  it('did what they say', async () => {
    const blob = await run(commands.find((command) => command.includes('/api/v1/blobs/')) ?? 'false')
    expect(blob).toBe('hello')
    const gone = run(commands.find((command) => command.includes('/ai/files/$FILE_ID')) ?? 'false')
    await expect(gone).rejects.toThrow('File not found')
  })
})
