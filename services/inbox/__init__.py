"""The inbox: one small service that speaks the receiving side of Slack, PagerDuty, DingTalk, webhooks and SMTP.

In come notifications as the real senders write them; out goes a page and a JSON API that say what arrived when.
It refuses what the real receivers would refuse, so that a broken template is found before it meets them.
"""
