import { parseResourceId, parseResourceType, type Resource } from '../../core/associations/association'
import { failField } from '../../core/errors'
import { checkJsonObject, type Json, type Metadata } from '../../core/files/metadata'
import { parseJson } from '../../core/json'
import { sayValue } from '../../core/say-value'
import { plainName } from '../../http/spelling'

const names = ['resource_type', 'resource_id', 'source_detail', 'connector_metadata'] as const
type Name = (typeof names)[number]

/**
 * The fields of an upload's form beside its file, also as the JSON of this API and other clients spell them.
 * Others, such as Uppy's `relativePath`, are read over.
 */
export const uploadFieldNames: readonly string[] = names.flatMap((name) => {
  const camel = name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
  return [name, camel, name.replaceAll('_', '-')]
})

export type UploadFields = {
  resource: Resource | null
  sourceDetail: string | null
  connectorMetadata: Metadata | null
}

const sourceDetailMaxLength = 255

/**
 * Takes fields as they come and refuses each at once if it is wrong, before a file that may follow is read; what
 * they mean together is known at the end. An empty field is one that was left out. Throws `invalid_request`.
 */
export function uploadFieldsReader(): {
  take: (name: string, value: string) => void
  read: () => UploadFields
} {
  const values = new Map<Name, string>()
  const given = (name: Name) => values.get(name) ?? null
  return {
    take(spelling, value) {
      if (value === '') return
      const name = names.find((known) => plainName(known) === plainName(spelling))
      if (name === undefined) return
      if (values.has(name) && values.get(name) !== value)
        failField(name, 'must be sent once, or with the same value each time')
      values.set(name, value)
      parsers[name](value)
    },
    read() {
      const [type, id] = [given('resource_type'), given('resource_id')]
      if (type === null && id !== null) failField('resource_type', 'is required with resource_id')
      if (type !== null && id === null) failField('resource_id', 'is required with resource_type')
      const [detail, metadata] = [given('source_detail'), given('connector_metadata')]
      return {
        resource:
          type === null || id === null
            ? null
            : { type: parsers.resource_type(type), id: parsers.resource_id(id) },
        sourceDetail: detail === null ? null : parsers.source_detail(detail),
        connectorMetadata: metadata === null ? null : parsers.connector_metadata(metadata),
      }
    },
  }
}

const parsers = {
  resource_type: (text: string) => parseResourceType(text, 'resource_type'),
  resource_id: (text: string) => parseResourceId(text, 'resource_id'),
  source_detail: parseSourceDetail,
  connector_metadata: parseConnectorMetadata,
} satisfies Record<Name, (text: string) => unknown>

function parseSourceDetail(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what no name has
  if (text.length > sourceDetailMaxLength || /[\u0000-\u001f\u007f-\u009f]/.test(text))
    failField(
      'source_detail',
      `must be at most ${sourceDetailMaxLength} characters, none a control character`,
    )
  return text
}

function parseConnectorMetadata(text: string): Metadata {
  let metadata: Json
  try {
    metadata = parseJson(text) as Json
  } catch {
    return failField('connector_metadata', `must be a JSON object, not ${sayValue(text)}`)
  }
  if (metadata === null || typeof metadata !== 'object' || Array.isArray(metadata))
    failField('connector_metadata', `must be a JSON object, not ${sayValue(text)}`)
  return checkJsonObject(metadata, 'connector_metadata')
}
