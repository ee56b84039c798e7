import type { Control } from './control'
import { persist } from './persist'
import type { Answer } from './send'
import { UploadError } from './upload-error'

/** How often a URL that was refused is replaced. */
const renewals = 2

/**
 * PUTs `body`. `signed` gives the URL; `renew` is told to replace it, as it may have expired. Many stores hide that from
 * pages, so each failure asks for a new one. 412: the URL works once, and the answer of an earlier try was lost; the bytes
 * are there. Rejects with an `UploadError` when the store refuses the bytes, or the network fails for good.
 */
export async function put(
  control: Control,
  retries: number,
  {
    body,
    signed,
    renew,
    onProgress,
  }: {
    body: Blob
    signed: () => Promise<{ url: string; headers: Record<string, string> }>
    renew: () => void
    onProgress: (loaded: number) => void
  },
): Promise<Answer> {
  for (let renewed = 0; ; renewed++) {
    let isAgain = false
    const answer = await persist(control, retries, async () => {
      if (isAgain) renew()
      isAgain = true
      const { url, headers } = await signed()
      return { method: 'PUT', url, headers, body, onProgress }
    })
    const { status } = answer
    if ((status >= 200 && status < 300) || status === 412) return answer
    if (status !== 403 || renewed === renewals) throw new UploadError(codeOfStore(status), status)
    renew()
  }
}

function codeOfStore(status: number) {
  if (status === 408) return 'network'
  if (status === 403 || status === 404) return 'expired'
  if (status === 429) return 'rate_limited'
  return status < 500 ? 'refused' : 'server'
}
