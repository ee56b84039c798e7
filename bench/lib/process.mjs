// CPU time and memory of a process, from /proc: Linux only.
import { readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'

/** proc(5) counts in clock ticks, of which every Linux that Node runs on has a hundred a second. */
const tickMs = 10

/** The workerd that this process started last. */
export function workerdPid() {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ')
  const workerd = children.filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('workerd'))
  return Number(workerd.at(-1))
}

/** Milliseconds of CPU that `root` and all processes below it have used, in user and in system mode. */
export function cpuMsOf(root) {
  return processesUnder(root).reduce((sum, { ticks }) => sum + ticks, 0) * tickMs
}

/** Resident memory of `root` and all processes below it, in MiB. */
export function residentMiBUnder(root) {
  return processesUnder(root).reduce((sum, { pid }) => sum + residentMiB(pid), 0)
}

function processesUnder(root) {
  const parents = new Map()
  for (const name of readdirSync('/proc')) if (/^\d+$/.test(name)) parents.set(Number(name), statOf(name))
  const isUnder = (pid) => pid === root || (parents.has(pid) && isUnder(parents.get(pid)?.parent))
  return [...parents].flatMap(([pid, stat]) => (stat && isUnder(pid) ? [{ pid, ...stat }] : []))
}

function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    // utime and stime of the process, and of its children that have ended.
    return {
      parent: Number(fields[1]),
      ticks: fields.slice(11, 15).reduce((sum, one) => sum + Number(one), 0),
    }
  } catch {
    // The process ended meanwhile.
    return null
  }
}

/** 0 for a process that has ended. */
export function residentMiB(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

/** How far the resident memory of `pid` grows while `act` runs, in MiB, and how long it runs, in seconds. */
export async function growthOf(pid, act) {
  const before = residentMiB(pid)
  let peak = before
  const watch = setInterval(() => {
    peak = Math.max(peak, residentMiB(pid))
  }, 5)
  const start = performance.now()
  try {
    await act()
  } finally {
    clearInterval(watch)
  }
  const seconds = (performance.now() - start) / 1000
  return { growth: Math.max(peak, residentMiB(pid)) - before, seconds }
}
