import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** How long something is waited for that has to happen: on a busy machine, minutes. */
export const patienceMs = 300_000

/** The project as a newcomer has it after `npm ci`: its files, the installed packages, no state. */
export function copyOfProject(): string {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-start-'))
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  })
  for (const file of listed.split('\0')) {
    // What git still lists may be deleted in the work tree; tests are not part of a start.
    if (file === '' || file.startsWith('test/') || !existsSync(file)) continue
    mkdirSync(join(folder, dirname(file)), { recursive: true })
    cpSync(file, join(folder, file))
  }
  symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'))
  return folder
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** `npm start` in `folder`, as from a shell of its own. */
export class NpmStart {
  output = ''
  readonly #process: ChildProcess
  readonly #exit: Promise<number | null>

  constructor(folder: string, port: number, environment: Record<string, string> = {}) {
    // Not this test's environment: npm, vitest and CI leave variables that change what is started.
    const { HOME, PATH = '' } = process.env
    const path = PATH.split(':').filter((entry) => !entry.includes('node_modules'))
    this.#process = spawn('npm', ['start'], {
      cwd: folder,
      env: { HOME, PATH: path.join(':'), PORT: String(port), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, for Ctrl-C to go to.
      detached: true,
    })
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text
      })
    this.#exit = new Promise((resolve) => this.#process.once('close', resolve))
  }

  /** Resolves when it says that it runs; throws what it said if it ends before. */
  async running(): Promise<void> {
    let ended = false
    this.#exit.then(() => {
      ended = true
    })
    await until(() => ended || this.output.includes('Ctrl-C stops it.'), patienceMs)
    if (ended || !this.output.includes('Ctrl-C stops it.')) throw new Error(`npm start:\n${this.output}`)
  }

  /** The id of the npm process, above all that it started. */
  get id(): number {
    return this.#process.pid ?? 0
  }

  /** The exit code of npm; null when a signal ended it. */
  exit(): Promise<number | null> {
    return this.#exit
  }

  signalGroup(signal: 'SIGINT' | 'SIGKILL'): void {
    if (this.#process.pid !== undefined) process.kill(-this.#process.pid, signal)
  }

  signalNpm(signal: 'SIGTERM'): void {
    this.#process.kill(signal)
  }

  /** Whether any process of its group is left. */
  isAlive(): boolean {
    try {
      if (this.#process.pid !== undefined) process.kill(-this.#process.pid, 0)
      return this.#process.pid !== undefined
    } catch {
      return false
    }
  }

  /** For the end of a test run, however it went. */
  end(): void {
    if (this.isAlive()) this.signalGroup('SIGKILL')
  }
}

/** The processes at work in `folder`, by id. */
export function processesIn(folder: string): string[] {
  if (!existsSync('/proc/self/cwd')) return []
  return readdirSync('/proc').filter((id) => {
    try {
      return /^\d+$/.test(id) && readlinkSync(`/proc/${id}/cwd`).startsWith(folder)
    } catch {
      return false
    }
  })
}

export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while (Date.now() < deadline) {
    if (await condition()) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return condition()
}
