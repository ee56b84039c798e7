import { useState } from 'preact/hooks'
import { createLink, deleteFile, type FileRow, getFile, getMetadata } from '../../api/files'
import { Confirm } from '../../components/confirm'
import { Dialog } from '../../components/dialog'
import { Icon } from '../../components/icon'
import { Failure } from '../../components/notice'
import { StatusBadge } from '../../components/status-badge'
import { useAction } from '../../hooks/use-action'
import { useLoad } from '../../hooks/use-load'
import type { Member } from '../../session/session'
import { formatBytes, formatTime } from '../../words/format'
import { LinkMaker } from './link-maker'
import { Preview } from './preview'

type Props = { member: Member; id: string; onDeleted(): void }

/** A file with its preview, and what can be done with it. */
export function FileDetail({ member, id, onDeleted }: Props) {
  const { value: file, error, reload } = useLoad(() => getFile(member, id), [member, id])
  return (
    <Dialog title={file?.filename ?? 'File'} look="panel" onClose={close}>
      <Failure error={error} retry={reload} />
      {file && (
        <div class="dialog-body">
          {file.status === 'ready' && <Preview member={member} file={file} />}
          <Facts member={member} file={file} />
          {file.status === 'ready' && <LinkMaker member={member} id={id} />}
          <Actions member={member} file={file} onDeleted={onDeleted} />
        </div>
      )}
    </Dialog>
  )
}

function close(): void {
  location.hash = '#files'
}

function Facts({ member, file }: { member: Member; file: FileRow }) {
  const { id, contentType, sizeBytes, status, reason, sha256, createdAt } = file
  const metadata = useLoad(
    () => (status === 'ready' ? getMetadata(member, id) : Promise.resolve({})),
    [member, id, status],
  )
  const pairs = Object.entries(metadata.value ?? {})
  return (
    <dl class="facts">
      <dt>Status</dt>
      <dd>
        <StatusBadge status={status} reason={reason} />
      </dd>
      <dt>Type</dt>
      <dd>{contentType}</dd>
      <dt>Size</dt>
      <dd>
        {formatBytes(sizeBytes)} ({sizeBytes.toLocaleString('en')} bytes)
      </dd>
      <dt>Made</dt>
      <dd>{formatTime(createdAt)}</dd>
      <dt>SHA-256</dt>
      <dd class="mono">{sha256 ?? 'none'}</dd>
      <dt>Id</dt>
      <dd class="mono">{id}</dd>
      {pairs.map(([name, value]) => [
        <dt key={name}>{name}</dt>,
        <dd key={`${name}=`}>{typeof value === 'string' ? value : JSON.stringify(value)}</dd>,
      ])}
    </dl>
  )
}

function Actions({ member, file, onDeleted }: { member: Member; file: FileRow; onDeleted(): void }) {
  const [isAsking, setAsking] = useState(false)
  const download = useAction()
  const { id, filename, status } = file
  return (
    <>
      <Failure error={download.error} />
      <div class="actions">
        {status === 'ready' && (
          <button
            type="button"
            class="button"
            disabled={download.isRunning}
            onClick={() =>
              download.run(async () => open(await createLink(member, id, { disposition: 'attachment' })))
            }
          >
            <Icon name="download" />
            Download
          </button>
        )}
        {member.scopes.includes('files:write') && (
          <button type="button" class="button danger" onClick={() => setAsking(true)}>
            <Icon name="trash" />
            Delete
          </button>
        )}
      </div>
      {isAsking && (
        <Confirm
          title="Delete this file?"
          verb="Delete"
          onClose={() => setAsking(false)}
          act={async () => {
            await deleteFile(member, id)
            onDeleted()
            close()
          }}
        >
          <p>{filename} will be gone for everyone, and cannot be brought back.</p>
        </Confirm>
      )}
    </>
  )
}

/** In a tab of its own: a store that ignores the disposition would replace this page. */
function open({ url }: { url: string }): void {
  const anchor = document.createElement('a')
  anchor.href = url
  anchor.target = '_blank'
  anchor.rel = 'noopener noreferrer'
  anchor.click()
}
