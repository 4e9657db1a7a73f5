'use strict';

// Called for each Yellow report: an application failed a health check and is not down yet. Writes one line of JSON that
// Logs Insights can search, with what the report says and what to look at next.

const text = (value) => (typeof value === 'string' && value !== '' ? value : undefined);

const lookAt = ({ check, error }) => {
  const word = `${text(check) || ''} ${text(error) || ''}`.toLowerCase();
  if (/time|slow|latency/.test(word)) return 'load of the instance, and of what it calls';
  if (/refused|unreachable|connect/.test(word)) return 'whether the process listens, and the security group in front of it';
  if (/disk|space|memory|oom/.test(word)) return 'disk and memory of the instance';
  return 'log of the application at the time of the report';
};

exports.handler = async (event) => {
  const detail = event && event.detail;
  if (!detail || typeof detail !== 'object' || !text(detail.status)) throw new Error('the event has no detail.status: it is no health report');
  const finding = {
    level: 'warn',
    report: event.id,
    at: event.time,
    application: text(detail.application) || event.source,
    instance: text(detail.instance) || 'unknown',
    status: detail.status,
    check: text(detail.check) || 'unknown',
    error: text(detail.error) || '',
    lookAt: lookAt(detail),
  };
  console.log(JSON.stringify(finding));
  return finding;
};
