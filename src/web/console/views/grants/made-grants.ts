import type { NewGrant } from '../../api/grants'

let made: readonly NewGrant[] = []
const listeners = new Set<() => void>()

/** The grants that were made on this page, newest first. The gateway lists a grant only once it was used or revoked. */
export const madeGrantsStore = {
  get: () => made,
  subscribe(listener: () => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}

export function addMadeGrant(grant: NewGrant): void {
  made = [grant, ...made]
  for (const listener of listeners) listener()
}

/** Forgets all, as after a sign-out: their addresses are permissions. */
export function forgetMadeGrants(): void {
  made = []
  for (const listener of listeners) listener()
}
