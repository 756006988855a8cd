<?php
$this->applications['horde']['webroot'] = '';
$this->applications['horde']['fileroot'] = '/usr/share/horde';
$this->applications['imp']['fileroot'] = '/usr/share/horde/imp';
