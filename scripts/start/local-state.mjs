// The folder in which Miniflare keeps the local D1 and R2 from one start to the next.
import { createHash, createHmac } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { DatabaseSync } from 'node:sqlite'

/** Miniflare keeps each database and each bucket in a Durable Object of one of these classes. */
const classes = { d1: 'miniflare-D1DatabaseObject', r2: 'miniflare-R2BucketObject' }

/**
 * Opens the SQLite file of the local D1 database or R2 bucket with this id, to read; null where there is none yet.
 * `kept` is the folder that Miniflare persists to. workerd names the file by the object's id: HMACs of its name
 * under its class.
 */
export function openKept(kept, kind, id) {
  const hmac = (key, data) => createHmac('sha256', key).update(data).digest().subarray(0, 16)
  const classKey = createHash('sha256').update(classes[kind]).digest()
  const name = hmac(classKey, id)
  const file = `${Buffer.concat([name, hmac(classKey, name)]).toString('hex')}.sqlite`
  const path = join(kept, kind, classes[kind], file)
  return existsSync(path) ? new DatabaseSync(path, { readOnly: true }) : null
}

/** Keeps the connections alive: a lock ends with its connection. */
const locks = []

/**
 * Locks the state in `folder` for this process until it ends, however it ends: the lock is SQLite's, which the operating
 * system releases when a process dies. Throws, with the id and the URL of the holder, when another process has it.
 */
export function lockState(folder, url) {
  mkdirSync(folder, { recursive: true })
  const lock = new DatabaseSync(join(folder, 'slipway-lock.sqlite'))
  try {
    lock.exec(
      'BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS holder (process INTEGER, url TEXT); DELETE FROM holder',
    )
    lock.prepare('INSERT INTO holder VALUES (?, ?)').run(process.pid, url)
    // The first transaction makes the holder readable; the second, which only holds the lock, stays open.
    lock.exec('COMMIT; BEGIN IMMEDIATE')
    locks.push(lock)
  } catch (error) {
    if (error.errcode !== 5) throw error
    throw new Error(
      `the state in ${folder} is in use by another \`npm start\`${holderOf(lock)}; stop that one first`,
    )
  }
}

/** The holder of the lock, as part of a sentence; empty while that is not written yet. */
function holderOf(lock) {
  try {
    const holder = lock.prepare('SELECT process, url FROM holder').get()
    return holder ? ` (process ${holder.process}, ${holder.url})` : ''
  } catch {
    return ''
  }
}
