export type Request = {
  method: string
  url: string
  headers: Record<string, string>
  body?: Blob | string | undefined
  /** Called with the bytes of the body that are sent. */
  onProgress?: (loaded: number) => void
}

export type Answer = {
  /** 0: there was no answer, or the page may not read it. */
  status: number
  text: string
  header: (name: string) => string | null
}

/** How long a connection may be silent, in milliseconds. Buffers may hold minutes of a slow line's bytes. */
const silenceMaxMs = 120_000

/** Sends a request once. Never rejects. By XMLHttpRequest, which tells the progress of what it sends, where there is one. */
export function send(request: Request, signal: AbortSignal): Promise<Answer> {
  return typeof XMLHttpRequest === 'function' ? sendByXhr(request, signal) : sendByFetch(request, signal)
}

function sendByXhr(
  { method, url, headers, body, onProgress }: Request,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve) => {
    const xhr = new XMLHttpRequest()
    const abort = () => xhr.abort()
    let timer: ReturnType<typeof setTimeout>
    const alive = () => {
      clearTimeout(timer)
      timer = setTimeout(abort, silenceMaxMs)
    }
    xhr.open(method, url)
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value)
    // A listener makes every request of another origin ask with a preflight first.
    if (onProgress)
      xhr.upload.onprogress = ({ loaded }) => {
        alive()
        onProgress(loaded)
      }
    xhr.onloadend = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      resolve({ status: xhr.status, text: xhr.responseText, header: (name) => xhr.getResponseHeader(name) })
    }
    signal.addEventListener('abort', abort)
    alive()
    xhr.send(body ?? null)
    if (signal.aborted) abort()
  })
}

async function sendByFetch(
  { method, url, headers, body, onProgress }: Request,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    const answer = await fetch(url, { method, headers, body: body ?? null, signal })
    const text = await answer.text()
    if (answer.ok && body instanceof Blob) onProgress?.(body.size)
    return { status: answer.status, text, header: (name) => answer.headers.get(name) }
  } catch {
    return { status: 0, text: '', header: () => null }
  }
}
