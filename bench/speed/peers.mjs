// What a user would take in place of Slipway: started here, on loopback, with a folder of its own each.
import { execFileSync, fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { root } from '../lib/bundle.mjs'
import { atEnd, temporaryFolder } from '../lib/cleanup.mjs'
import { freePort } from '../lib/free-port.mjs'
import { send } from '../lib/send.mjs'

const folder = join(root, 'bench')
const startMs = 60_000
const photo = (index) => ({ filename: `photo-${index}.jpg`, contentType: 'image/jpeg', size: 204_800 })
const post = (path, body, headers = {}) => ({
  method: 'POST',
  path,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})

/** How each is started, and what asks it for an upload URL. */
const peers = {
  Companion: {
    start: (folder) => startNode('companion.mjs', folder),
    make: (index) => ({ path: `/s3/params?filename=photo-${index}.jpg&type=image%2Fjpeg` }),
  },
  'better-upload': {
    start: (folder) => startNode('better-upload.mjs', folder),
    make: (index) =>
      post('/api/upload', {
        route: 'files',
        files: [{ name: `photo-${index}.jpg`, size: 204_800, type: 'image/jpeg' }],
      }),
  },
  Express: {
    start: (folder) => startNode('express.mjs', folder),
    make: (index) => post('/presign', photo(index), { authorization: 'Bearer token-of-the-bench' }),
  },
  Rails: {
    start: startRails,
    make: (index) =>
      post('/rails/active_storage/direct_uploads', {
        blob: {
          filename: `photo-${index}.jpg`,
          content_type: 'image/jpeg',
          byte_size: 204_800,
          checksum: 'XrY7u+Ae7tCTyyK7j1rNww==',
        },
      }),
  },
}

/** Installs the packages of bench/package.json when they are not there. Says what went wrong, if anything did. */
export function installPeers() {
  if (arePackagesThere()) return null
  console.log('installing the packages of bench/package.json')
  const npm = process.env.npm_execpath
  const [command, before] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
  // better-sqlite3 is compiled where it has no binary for this Node: with this Node's headers, not with other ones.
  const prefix = dirname(dirname(realpathSync(process.execPath)))
  const hasHeaders = existsSync(join(prefix, 'include', 'node', 'node.h'))
  const { status, stderr, error } = spawnSync(
    command,
    [...before, 'ci', '--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: folder,
      env: { ...process.env, ...(hasHeaders ? { npm_config_nodedir: prefix } : {}) },
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    },
  )
  return status === 0 ? null : (error?.message ?? stderr.trim().split('\n')[0] ?? 'npm ci failed')
}

function arePackagesThere() {
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  // npm writes the last one when it is done.
  return [...Object.keys(dependencies), '.package-lock.json'].every((name) =>
    existsSync(join(folder, 'node_modules', name)),
  )
}

/**
 * Starts the peers. `running` has `{ server: { url, pid }, make }` by name, `leftOut` why another one is not among them;
 * `stop` ends all.
 */
export async function startPeers() {
  const running = {}
  const leftOut = {}
  const stops = []
  for (const [name, { start, make }] of Object.entries(peers)) {
    const { path, remove } = temporaryFolder()
    try {
      const { stop, ...server } = await start(path)
      stops.push(stop, remove)
      await firstAnswer(server.url, make(0))
      running[name] = { server, make }
    } catch (error) {
      leftOut[name] = error.message.split('\n')[0]
      stops.push(remove)
    }
  }
  return { running, leftOut, stop: () => Promise.all(stops.map((stop) => stop())) }
}

/** Starts a program of bench/peers, which keeps what it has in `folder`. Answers its `url`, its `pid`, and `stop`. */
export async function startNode(file, folder) {
  const child = fork(join(root, 'bench', 'peers', file), {
    env: { PATH: process.env.PATH, FOLDER: folder },
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const stop = ending(child)
  try {
    return { ...(await toldBy(child)), pid: child.pid, stop }
  } catch (error) {
    stop()
    throw error
  }
}

/** The first message of `child`. Rejects with the first error it printed when it ends before. */
function toldBy(child) {
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors = (errors + text).slice(0, 10_000)
  })
  const message = once(child, 'message').then(([told]) => told)
  const exit = once(child, 'close').then(([code]) => {
    throw new Error(/^\w*Error.*/m.exec(errors)?.[0] ?? `it ended with ${code}`)
  })
  return Promise.race([message, exit, timeout()])
}

/** Debian's Rails, with one process of puma and one thread: with more, SQLite makes them wait for each other. */
async function startRails(folder) {
  const needed = ['puma', 'ruby-activestorage', 'ruby-aws-sdk-s3', 'ruby-railties', 'ruby-sqlite3']
  const isInstalled = spawnSync('dpkg', ['--status', ...needed], { stdio: 'ignore' }).status === 0
  if (!isInstalled) throw new Error(`not all of ${needed.join(', ')} are installed`)
  cpSync(join(root, 'bench', 'peers', 'rails'), folder, { recursive: true })
  const env = { PATH: process.env.PATH, RAILS_ENV: 'production', RACK_ENV: 'production' }
  execFileSync('/usr/bin/ruby', ['create-tables.rb'], { cwd: folder, env, stdio: 'pipe', timeout: startMs })
  const url = `http://127.0.0.1:${await freePort()}`
  const child = spawn(
    '/usr/bin/ruby',
    ['/usr/bin/puma', '-e', 'production', '-t', '1:1', '-b', url.replace('http', 'tcp'), 'config.ru'],
    { cwd: folder, env, stdio: 'ignore' },
  )
  return { url, pid: child.pid, stop: ending(child) }
}

/** Ends `child`, at the latest when the bench ends. */
function ending(child) {
  return atEnd(() => child.kill('SIGKILL'))
}

/** Waits until the server listens; its answer must be a success. */
async function firstAnswer(url, { path, ...request }) {
  const deadline = performance.now() + startMs
  for (;;) {
    const answer = await send(new URL(path, url), request).catch((error) => error)
    if (answer.status < 400) return
    if (answer.status !== undefined) throw new Error(`its answer is ${answer.status}`)
    if (performance.now() > deadline) throw new Error('it does not listen')
    await pause(100)
  }
}

async function timeout() {
  await pause(startMs, undefined, { ref: false })
  throw new Error('it did not start in time')
}
