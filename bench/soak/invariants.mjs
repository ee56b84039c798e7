/**
 * Checks the invariants against `state` (see `readState`) and what the clients know. Returns them by name, each with the
 * problems that break it: none where it holds.
 */
export function checkInvariants(state, clients) {
  return {
    'every ready file has its bytes, with size and ETag': filesWithoutBytes(state),
    'every content has a file': contentsWithoutFile(state),
    'every byte that an upload has received is in a part or a piece': bytesNotKept(state),
    'no object without a row that refers to it': objectsWithoutRow(state),
    'no open multipart upload without a row that refers to it': multipartsWithoutRow(state),
    'usage equals its rows': [...wrongUsage(state), ...wrongUseOfGrants(state)],
    'one file per Idempotency-Key': keysOfSeveralFiles(state),
    'files are those that the clients know, in the states they know': strangeFiles(state, clients),
  }
}

function filesWithoutBytes({ files, contents, objects }) {
  const contentsById = new Map(contents.map((content) => [content.id, content]))
  const objectsByKey = new Map(objects.map((object) => [object.key, object]))
  return files
    .filter(({ status }) => status === 'ready')
    .flatMap(({ id, content_id }) => {
      const content = contentsById.get(content_id)
      if (!content) return `file ${id} has no content`
      const object = objectsByKey.get(content.object_key)
      if (!object) return `file ${id}: no object ${content.object_key}`
      const isSame = object.size === content.byte_size && object.etag === content.etag
      return isSame
        ? []
        : `file ${id}: ${content.object_key} has ${object.size} bytes and ETag ${object.etag}`
    })
}

function contentsWithoutFile({ files, contents }) {
  const used = new Set(files.map(({ content_id }) => content_id))
  return contents.filter(({ id }) => !used.has(id)).map(({ object_key }) => object_key)
}

/** Parts hold as many bytes each, and pieces what came after the last one. */
function bytesNotKept({ uploads, objects, strayParts }) {
  const sizes = new Map(objects.map(({ key, size }) => [key, size]))
  const problems = uploads
    .filter(({ method }) => method === 'append')
    .flatMap((upload) => {
      const { id, received_bytes: received, part_bytes: partBytes, part_count: parts } = upload
      let at = Math.min(parts * partBytes, received)
      for (const { name, from, to } of piecesOf(upload)) {
        if (from !== at) return `upload ${id}: ${name} does not begin at ${at}`
        const size = sizes.get(pieceFolderOf(upload) + name)
        if (size !== to - from) return `upload ${id}: ${name} has ${size ?? 'no'} bytes`
        at = to
      }
      return at === received ? [] : `upload ${id}: ${at} bytes of ${received}`
    })
  return [
    ...problems,
    ...strayParts.map(({ file_id }) => `upload ${file_id} is over, and its parts are known`),
  ]
}

function pieceFolderOf({ organization_id, id }) {
  return `_incoming/${organization_id}/${id}/pieces/`
}

function piecesOf({ pieces }) {
  return JSON.parse(pieces ?? '[]').map((name) => {
    const [from, to] = name.split('-').map(Number)
    return { name, from, to }
  })
}

/** What a piece that no row names may still be: of a request that is about to record it. */
function isBeyond(key, upload) {
  const folder = pieceFolderOf(upload)
  return key.startsWith(folder) && Number(key.slice(folder.length).split('-')[1]) > upload.received_bytes
}

function objectsWithoutRow({ contents, uploads, deletions, objects }) {
  const appended = uploads.filter(({ method }) => method === 'append')
  const keys = new Set([
    ...contents.map(({ object_key }) => object_key),
    ...deletions.map(({ object_key }) => object_key),
    ...uploads.map(({ object_key }) => object_key),
    ...uploads.filter(({ promoting_etag }) => promoting_etag !== null).map(({ content_key }) => content_key),
    ...appended.flatMap((upload) => piecesOf(upload).map(({ name }) => pieceFolderOf(upload) + name)),
  ])
  // No row names what was put under _incoming/ by a URL once its upload is over: the sweep finds it by listing. Pieces are
  // put by the gateway only, and the last sweep came after all of them.
  const isExplained = (key) =>
    key.startsWith('_incoming/') &&
    (!key.includes('/pieces/') || appended.some((upload) => isBeyond(key, upload)))
  return objects.map(({ key }) => key).filter((key) => !keys.has(key) && !isExplained(key))
}

function multipartsWithoutRow({ uploads, deletions, openMultiparts }) {
  const known = new Set([...uploads, ...deletions].map(({ multipart_id }) => multipart_id))
  return openMultiparts.filter(({ id }) => !known.has(id)).map(({ key }) => key)
}

function wrongUsage({ organizations, contents, uploads }) {
  const sum = (rows, column) => rows.reduce((total, row) => total + row[column], 0)
  return organizations.flatMap(({ id, used_bytes, reserved_bytes, pending_uploads }) => {
    const own = (rows) => rows.filter(({ organization_id }) => organization_id === id)
    const said = [used_bytes, reserved_bytes, pending_uploads].join()
    const counted = [
      sum(own(contents), 'byte_size'),
      sum(own(uploads), 'reserved_bytes'),
      own(uploads).length,
    ].join()
    return said === counted ? [] : `${id}: used, reserved, pending are ${said}, counted ${counted}`
  })
}

/** A pending file takes what its upload says, a ready one its bytes. */
function wrongUseOfGrants({ grants, files, contents, uploads }) {
  const sizes = new Map(contents.map(({ id, byte_size }) => [id, byte_size]))
  const taken = new Map(uploads.map(({ id, granted_bytes }) => [id, granted_bytes]))
  return grants.flatMap(({ id, files_used, bytes_used }) => {
    const own = files.filter(
      ({ grant_id, status }) => grant_id === id && ['uploading', 'ready'].includes(status),
    )
    const bytes = own.reduce((sum, file) => sum + (sizes.get(file.content_id) ?? taken.get(file.id) ?? 0), 0)
    const said = [files_used, bytes_used].join()
    const counted = [own.length, bytes].join()
    return said === counted ? [] : `grant ${id}: files and bytes used are ${said}, counted ${counted}`
  })
}

/** Retries write their key into the metadata too, where the dialect has metadata. */
function keysOfSeveralFiles({ files, claims }) {
  const attempts = files.map(({ metadata }) => JSON.parse(metadata).attempt).filter(Boolean)
  const twice = attempts.filter((attempt, index) => attempts.indexOf(attempt) !== index)
  const open = claims.filter(({ is_open }) => is_open).map(({ idempotency_key }) => idempotency_key)
  return [...twice.map((key) => `${key} made two files`), ...open.map((key) => `${key} has no reply`)]
}

function strangeFiles({ files, organizations }, clients) {
  const wanted = new Map()
  for (const client of clients) {
    for (const id of client.files.keys()) wanted.set(id, ['ready'])
    for (const id of client.abandoned) wanted.set(id, ['uploading'])
    for (const id of client.ended) wanted.set(id, ['error', 'failed'])
  }
  const own = new Set(clients.map(({ organization }) => organization))
  const known = organizations.filter(({ id }) => own.has(id)).length
  const byId = new Map(files.map((file) => [file.id, file]))
  const problems = known === own.size ? [] : ['an organization is missing']
  for (const [id, states] of wanted) {
    const status = byId.get(id)?.status ?? 'missing'
    if (!states.includes(status)) problems.push(`${id} is ${status}, not ${states.join(' or ')}`)
  }
  for (const { id, status } of files) if (!wanted.has(id)) problems.push(`${id}, ${status}, is no client's`)
  return problems
}
