/** What a browser knows of an upload after its page was closed. */
export type Remembered = {
  /** The Idempotency-Key that the upload was created with. */
  key: string
  /** When it ends by itself, in milliseconds since 1970. */
  until: number
  id?: string
  isInParts?: boolean
  /** The ETags that could be read of parts that were sent, by the parts' numbers. */
  etags: Record<number, string>
}

const prefix = 'slipway:'

/** The name under which a file's upload to `base` is remembered; null for bytes that no later page will know again. */
export function placeOf(base: string, file: Blob): string | null {
  if (typeof File !== 'function' || !(file instanceof File)) return null
  return `${prefix}${hash(base)}:${file.size}:${file.lastModified}:${file.type}:${file.name}`
}

/** FNV-1a. The address of a grant is a credential, so it is not stored. */
function hash(text: string): number {
  let sum = 0x811c9dc5
  for (const character of text) sum = Math.imul(sum ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return sum >>> 0
}

export function recall(place: string | null): Remembered | null {
  return place === null ? null : read(place)
}

export function remember(place: string | null, known: Remembered): void {
  if (place) attempt(() => localStorage.setItem(place, JSON.stringify(known)))
}

export function forget(place: string | null): void {
  if (place) attempt(() => localStorage.removeItem(place))
}

/** Forgets uploads that have ended by themselves. */
export function forgetOver(): void {
  attempt(() => {
    for (const place of Object.keys(localStorage))
      if (place.startsWith(prefix) && read(place) === null) localStorage.removeItem(place)
  })
}

function read(place: string): Remembered | null {
  const known = attempt(() => JSON.parse(localStorage.getItem(place) ?? 'null') as Remembered | null)
  return known && known.until > Date.now() ? known : null
}

/** Browsers may deny storage, or have no room left in it: the upload then goes on, and no later page can resume it. */
function attempt<Value>(work: () => Value): Value | null {
  try {
    return work()
  } catch {
    return null
  }
}
