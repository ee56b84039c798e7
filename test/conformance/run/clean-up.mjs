/** How many deletions or aborts are under way at once. */
const concurrent = 4

/**
 * Aborts every multipart upload and deletes every object under `keyPrefix`, as `client` (aws4fetch) may. Stores
 * that cannot list multipart uploads keep those that a failed contract test began, until their own rule ends them.
 */
export async function cleanUp(client, bucketUrl, keyPrefix) {
  const list = async (query, element) => {
    const response = await client.fetch(`${bucketUrl}?${query}&prefix=${encodeURIComponent(keyPrefix)}`)
    const xml = await response.text()
    if (!response.ok) throw new Error(`the list of what is there was answered with ${response.status}`)
    return Array.from(xml.matchAll(elements(element)), ([, inside]) => inside)
  }
  const remove = async (element, query) => {
    const key = textOf(element, 'Key')
    // Another prefix would be a store that does not know the parameter.
    if (!key.startsWith(keyPrefix)) throw new Error('the store lists what was not asked for')
    await (await client.fetch(`${bucketUrl}/${encodeKey(key)}${query}`, { method: 'DELETE' })).text()
  }

  const uploads = await list('uploads=', 'Upload').catch(() => [])
  await forEach(uploads, (upload) =>
    remove(upload, `?uploadId=${encodeURIComponent(textOf(upload, 'UploadId'))}`),
  )
  // What was deleted is not listed again; each answer has up to 1000.
  for (let tries = 0; tries < 5; tries++) {
    const objects = await list('list-type=2', 'Contents')
    if (objects.length === 0) return
    await forEach(objects, (object) => remove(object, ''))
  }
  throw new Error('objects are still there after they were deleted')
}

async function forEach(items, act) {
  for (let at = 0; at < items.length; at += concurrent)
    await Promise.all(items.slice(at, at + concurrent).map(act))
}

function elements(name) {
  return new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g')
}

const named = { quot: '"', apos: "'", amp: '&', lt: '<', gt: '>' }

function textOf(element, name) {
  const [, text = ''] = elements(name).exec(element) ?? []
  return text.replace(/&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));/g, (_, decimal, hex, word) =>
    word ? (named[word] ?? '') : String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16)),
  )
}

/** As RFC 3986 has it: the contract has keys of every kind. */
function encodeKey(key) {
  const encode = (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`
  return encodeURIComponent(key)
    .replaceAll('%2F', '/')
    .replace(/[!'()*]/g, encode)
}
