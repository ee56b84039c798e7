import { useEffect, useRef, useState } from 'preact/hooks'
import { createLink, type FileRow } from '../../api/files'
import { Icon } from '../../components/icon'
import type { Member } from '../../session/session'
import { kindOf, previewOf } from '../../words/content-type'

/** The whole image is fetched for its thumbnail, so not that of a large one. */
const bytesMax = 4 * 1024 ** 2
const linkSeconds = 3600
/** Links are asked for again before they expire. */
const keptMs = (linkSeconds / 2) * 1000

const links = new Map<string, { url: Promise<string>; until: number }>()

/** An image itself once it comes into view, and an icon of the type for every other file. */
export function Thumbnail({ member, file }: { member: Member; file: FileRow }) {
  const place = useRef<HTMLSpanElement>(null)
  const [url, setUrl] = useState<string | null>(null)
  const { id, status, sizeBytes, contentType } = file
  const hasImage = status === 'ready' && sizeBytes <= bytesMax && previewOf(contentType) === 'image'

  useEffect(() => {
    if (!hasImage || place.current === null) return
    const observer = new IntersectionObserver(([entry]) => {
      if (!entry?.isIntersecting) return
      observer.disconnect()
      linkOf(member, id).then(setUrl, () => setUrl(null))
    })
    observer.observe(place.current)
    return () => observer.disconnect()
  }, [hasImage, member, id])

  return (
    <span class="thumbnail" ref={place}>
      {url === null ? (
        <Icon name={kindOf(contentType)} />
      ) : (
        <img src={url} alt="" width="32" height="32" loading="lazy" onError={() => setUrl(null)} />
      )}
    </span>
  )
}

function linkOf(member: Member, id: string): Promise<string> {
  const known = links.get(id)
  if (known !== undefined && known.until > Date.now()) return known.url
  const url = createLink(member, id, { expiresIn: linkSeconds, disposition: 'inline' }).then(
    (link) => link.url,
  )
  links.set(id, { url, until: Date.now() + keptMs })
  url.catch(() => links.delete(id))
  return url
}
