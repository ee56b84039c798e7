/** The little XML that S3's operations speak, in which no element that is looked for nests in one of its name. */

/** The text of the first element `name`, entities decoded; null when there is none. */
export function readXmlElement(xml: string, name: string): string | null {
  const text = new RegExp(`<(?:[A-Za-z0-9]+:)?${name}(?:\\s[^>]*)?>([^<]*)</`).exec(xml)?.[1]
  return text === undefined ? null : decodeXml(text.trim())
}

/** What is inside each element `name`, in order, as it is written. */
export function readXmlElements(xml: string, name: string): string[] {
  const tag = `(?:[A-Za-z0-9]+:)?${name}`
  const elements = xml.matchAll(new RegExp(`<${tag}(?:\\s[^>]*)?>([\\s\\S]*?)</${tag}>`, 'g'))
  return Array.from(elements, ([, inside = '']) => inside)
}

/** Whether the document's root is `name`. A declaration or blanks sent to keep the connection may come before. */
export function isXmlDocumentOf(xml: string, name: string): boolean {
  return new RegExp(`^\\s*(?:<\\?[^>]*\\?>\\s*)?<(?:[A-Za-z0-9]+:)?${name}[\\s>/]`).test(xml)
}

const named: Record<string, string> = { quot: '"', apos: "'", amp: '&', lt: '<', gt: '>' }

/** The five named entities and numeric ones; others stay as they are. */
export function decodeXml(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]{2,4}));/g, (entity, decimal, hex, name) => {
    if (name !== undefined) return named[name] ?? entity
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return code <= 0x10ffff ? String.fromCodePoint(code) : entity
  })
}

export function encodeXml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
}
