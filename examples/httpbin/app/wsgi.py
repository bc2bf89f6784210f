"""httpbin, and two pages of our own."""
import hashlib
import os

from httpbin import app

TEXT = {'Content-Type': 'text/plain'}


@app.route('/greeting')
def greeting():
    return os.environ.get('GREETING', 'hello') + '\n', TEXT


@app.route('/key')
def key():
    """Tells that a secret has arrived, and not what it is."""
    secret = os.environ.get('API_KEY')
    return ('none' if secret is None else hashlib.sha256(secret.encode()).hexdigest()) + '\n', TEXT
