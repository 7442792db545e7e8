/** A number that says much, above what it is of; within a `dl`. */
export function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dd>{value}</dd>
      <dt>{name}</dt>
    </div>
  );
}
