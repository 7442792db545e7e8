import { simulate } from '/work/main/bench/eval/sim/simulate.ts';
import { OriginAnalyzer } from '@faultline/origin/analyzer';
const [kind,seed,from='-2000',to='12000',part='tuning']=process.argv.slice(2);
const r=simulate({kind,seed:+seed,part});const h=r.head;let now=h.startMs;const a=new OriginAnalyzer({clock:{now:()=>now}});
console.log(JSON.stringify(h.expected));const s0=h.expected[0]?.startMs??h.startMs;
for(const l of r.lines)if(l.change&&l.change.atMs>s0-8000)console.log((l.atMs-s0).toFixed(0),'change',l.change.kind,l.change.state??'',l.change.detail);
let i=0;for(;now<h.endMs;now+=250){while(r.lines[i]&&r.lines[i].atMs<=now){const l=r.lines[i++];if(l.spans)a.onSpans(l.spans);if(l.edges)a.onEdges(l.edges);if(l.queues)a.onQueues(l.queues);if(l.change)a.onChange(l.change);}
 if(now>s0+ +from&&now<s0+ +to)globalThis.DBG=(...x)=>console.log((now-s0).toFixed(0),...x);else globalThis.DBG=undefined;
 for(const u of a.tick())if(globalThis.DBG)console.log((now-s0).toFixed(0),u.kind,u.incident.id,u.incident.sentence.slice(0,230),u.incident.mergedInto??'');
 globalThis.DBG?.('  S',globalThis.SUS?.toSorted((p,q)=>q.score-p.score).slice(0,4).map(x=>`${x.component.name} ${x.score.toFixed(1)} ${x.symptom} ${x.ratio.bad.toFixed(0)}/${x.ratio.total.toFixed(0)} h:${x.hypotheses.slice(0,3).map(h=>h.origin.kind+(h.origin.version&&h.origin.kind==='version'?'@'+h.origin.version:'')+(h.origin.edge?h.origin.edge.from:'')+h.support.toFixed(1)).join(',')}`).join(' | '));}
