const resumable = { 'tus-resumable': '1.0.0' }
const octets = { ...resumable, 'content-type': 'application/offset+octet-stream' }
// `name b.bin`, and no type that the bytes would have to be of.
const metadata = 'filename Yi5iaW4='

/**
 * Uploads `portions` at `path` by tus, the first with the request that creates the upload if it is the only one. `ask` sends a
 * request and resolves to its answer, with `headers`. Resolves to the path of the upload.
 */
export async function uploadByTus(ask, path, portions, authorization = {}) {
  const byteSize = portions.reduce((sum, { length }) => sum + length, 0)
  const creation = { ...authorization, 'upload-length': String(byteSize), 'upload-metadata': metadata }
  const isWhole = portions.length === 1
  const created = await ask({
    method: 'POST',
    path,
    headers: { ...(isWhole ? octets : resumable), ...creation },
    body: isWhole ? portions[0] : [],
  })
  const { pathname } = new URL(created.headers.location, 'http://localhost')
  if (isWhole) return pathname
  let offset = 0
  for (const portion of portions) {
    const headers = { ...octets, ...authorization, 'upload-offset': String(offset) }
    await ask({ method: 'PATCH', path: pathname, headers, body: portion })
    offset += portion.length
  }
  return pathname
}

/** Deletes what was uploaded. */
export function terminate(ask, path, authorization = {}) {
  return ask({ method: 'DELETE', path, headers: { ...resumable, ...authorization } })
}
