import { linkOf } from './model/link.ts';
import type { Attribute } from './model/span.ts';

/** Names and values; a value that is an address of the web can be followed. */
export function AttributeTable({ attributes }: { attributes: readonly Attribute[] }) {
  return (
    <dl class="trace-attributes">
      {attributes.map(({ key, value }, index) => (
        <div key={index}>
          <dt>{breakable(key)}</dt>
          <dd>
            <Value value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Long names may go on in the next line after a dot. */
function breakable(name: string) {
  const [first = '', ...rest] = name.split('.');
  return [first, ...rest.flatMap((part) => ['.', <wbr />, part])];
}

function Value({ value }: Pick<Attribute, 'value'>) {
  const link = linkOf(value);
  if (link === undefined) return <>{String(value)}</>;
  return (
    <a href={link} target="_blank" rel="noopener noreferrer">
      {String(value)}
    </a>
  );
}
