import { useState } from 'preact/hooks'
import { createLink, type Link } from '../../api/files'
import { CopyField } from '../../components/copy'
import { SelectField } from '../../components/field'
import { Icon } from '../../components/icon'
import { Failure } from '../../components/notice'
import { useAction } from '../../hooks/use-action'
import type { Member } from '../../session/session'
import { formatTime } from '../../words/format'

const lifetimes = [
  ['300', '5 minutes'],
  ['3600', '1 hour'],
  ['86400', '1 day'],
  ['604800', '7 days'],
] as const

/** Makes links by which everyone who has them can read the file, for as long as is chosen. */
export function LinkMaker({ member, id }: { member: Member; id: string }) {
  const [lifetime, setLifetime] = useState<string>('3600')
  const [link, setLink] = useState<Link | null>(null)
  const action = useAction()
  return (
    <section class="link-maker" aria-label="Share">
      <div class="joined">
        <SelectField
          label="A link that works for"
          value={lifetime}
          setValue={setLifetime}
          options={lifetimes}
        />
        <button
          type="button"
          class="button"
          disabled={action.isRunning}
          onClick={() =>
            action.run(async () => setLink(await createLink(member, id, { expiresIn: Number(lifetime) })))
          }
        >
          <Icon name="link" />
          Copy link
        </button>
      </div>
      <Failure error={action.error} />
      {link && (
        <>
          <CopyField label="Link" value={link.url} isCopiedAtOnce />
          <p class="hint">Everyone who has it can read the file until {formatTime(link.expiresAt)}.</p>
        </>
      )}
    </section>
  )
}
