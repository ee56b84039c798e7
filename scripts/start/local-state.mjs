// The folder in which Miniflare keeps the local D1 and R2 from one start to the next.
import { createHash, createHmac } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { DatabaseSync } from 'node:sqlite'

/** Miniflare keeps a database and a bucket as a Durable Object each: of which class, by what they are. */
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

/** Kept, as a lock ends with its connection. */
const locks = []

/**
 * Takes the state in `folder` for this process until it ends, however it ends: the lock is SQLite's, which the
 * operating system gives back when a process dies. Throws, with the process and the URL that hold it, when another
 * one has it.
 */
export function lockState(folder, url) {
  mkdirSync(folder, { recursive: true })
  const lock = new DatabaseSync(join(folder, 'slipway-lock.sqlite'))
  try {
    lock.exec(
      'BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS holder (process INTEGER, url TEXT); DELETE FROM holder',
    )
    lock.prepare('INSERT INTO holder VALUES (?, ?)').run(process.pid, url)
    // Written for others to read; the second transaction, which only holds the lock, stays open.
    lock.exec('COMMIT; BEGIN IMMEDIATE')
    locks.push(lock)
  } catch (error) {
    if (error.errcode !== 5) throw error
    throw new Error(
      `the state in ${folder} is in use by another \`npm start\`${holderOf(lock)}; stop that one first`,
    )
  }
}

/** Who has the lock, as part of a sentence; empty in the instant before that is written. */
function holderOf(lock) {
  try {
    const holder = lock.prepare('SELECT process, url FROM holder').get()
    return holder ? ` (process ${holder.process}, ${holder.url})` : ''
  } catch {
    return ''
  }
}
