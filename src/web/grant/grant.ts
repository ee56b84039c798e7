/** What the gateway says of the grant to its holder. */
export type Grant = {
  maxBytes: number
  maxFiles: number
  contentTypes: string[] | null
  filesUsed: number
  bytesUsed: number
  expiresAt: string
}

/** Why the grant cannot be read: `status` is that of the answer, `detail` what it says. */
export class Unreadable extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
  ) {
    super(detail)
  }
}

/** The grant at `address` as it is now. Rejects with `Unreadable`, or a TypeError when the gateway cannot be reached. */
export async function readGrant(address: string): Promise<Grant> {
  const answer = await fetch(address, { headers: { accept: 'application/json' }, cache: 'no-store' })
  const body = await answer.json().catch(() => ({}))
  if (!answer.ok) throw new Unreadable(answer.status, String(body.detail ?? ''))
  return body as Grant
}

/** Whether nothing more can be uploaded. */
export function isUsedUp({ filesUsed, maxFiles }: Grant): boolean {
  return filesUsed >= maxFiles
}
