"""Users, simulated by Locust. In: tokens, and how many users there are at the height of the day. Out: about 10 to 20 requests a second
on football-api, more by day than by night, a day being ten minutes."""
