// What a bench leaves behind is undone however it ends: by itself, with an error, or by Ctrl-C.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

const undos = new Set()
process.on('exit', () => {
  // The latest first: processes end before their folders go.
  for (const undo of [...undos].reverse()) undo()
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130))

/** Runs `undo`, which must not wait for anything, when the process ends; sooner by what this answers. Once. */
export function atEnd(undo) {
  undos.add(undo)
  return () => {
    if (undos.delete(undo)) undo()
  }
}

/** A folder that is deleted in the end; `remove` deletes it sooner. */
export function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), 'slipway-bench-'))
  return { path, remove: atEnd(() => rmSync(path, { recursive: true, force: true, maxRetries: 3 })) }
}

/** Ends process `pid` in the end; what this answers does it sooner. */
export function killAtEnd(pid) {
  return atEnd(() => {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  })
}
